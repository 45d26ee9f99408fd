/** APPEND (RFC 9051 §6.3.12), MULTIAPPEND (RFC 3502), literal8 (RFC 3516), UTF8 (RFC 6855 §4). */
import type { ArgReader } from '../arg-reader.ts';
import type { Append, AppendMessage } from '../commands.ts';
import { uniqueFlags } from './store.ts';

/** APPEND up to its first message. */
export function append(r: ArgReader): Append {
  r.sp();
  const mailbox = r.mailbox();
  r.sp();
  return { kind: 'append', mailbox, message: appendMessage(r) };
}

/** [flag-list SP] [date-time SP] and the announcement of the message, where the octets read end. */
export function appendMessage(r: ArgReader): AppendMessage {
  const flags = r.peek() === 0x28 ? uniqueFlags(r.list(() => r.flag())) : [];
  // Forgiven: no space between the flag list and what follows it.
  r.tookSp();
  let internalDate: number | undefined;
  if (r.peek() === 0x22) {
    internalDate = r.dateTime();
    r.sp();
  }
  let content: AppendMessage['content'] = 'text';
  if (r.tookWord('UTF8')) {
    r.sp();
    r.expect('(');
    r.expect('~');
    content = 'utf8';
  } else if (r.took('~')) content = 'binary';
  if (r.peek() !== 0x7b) r.fail('Expected the message as a literal');
  const size = r.announcement();
  if (r.at !== r.bytes.length) r.fail('Unexpected text after the announcement of a literal');
  return { flags, internalDate, size, content };
}

/** What follows a message: nothing more, or the next one. */
export function appendRest(r: ArgReader, before: AppendMessage): AppendMessage | undefined {
  if (before.content === 'utf8') r.expect(')');
  if (r.tookSp()) return appendMessage(r);
  r.end();
  return undefined;
}
