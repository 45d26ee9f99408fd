import { err, ok, type Result } from '../result.ts';
import { tagOf } from './announcement.ts';
import { ArgReader, SyntaxFault } from './arg-reader.ts';
import { atomChar, tagChar } from './characters.ts';
import type { AppendMessage, BadSyntax, Command, CommandBody } from './commands.ts';
import type { NameEncoding } from './mailbox-name.ts';
import { append, appendRest } from './parse/append.ts';
import { fetch } from './parse/fetch.ts';
import { list, lsub } from './parse/list.ts';
import { create, getQuota, onMailbox, rename, select, setQuota, status } from './parse/mailbox.ts';
import { search, sort, thread } from './parse/search.ts';
import { authenticate, enable, id, login, plain } from './parse/session.ts';
import { copyOrMove, expunge, store, uidExpunge } from './parse/store.ts';

/** The whole grammar: a command's name in upper case, and the reader of its arguments. */
const grammar = new Map<string, (r: ArgReader) => CommandBody>([
  ['CAPABILITY', plain('capability')],
  ['NOOP', plain('noop')],
  ['LOGOUT', plain('logout')],
  ['STARTTLS', plain('startTls')],
  ['AUTHENTICATE', authenticate],
  ['LOGIN', login],
  ['ENABLE', enable],
  ['ID', id],
  ['SELECT', select('readWrite')],
  ['EXAMINE', select('readOnly')],
  ['CREATE', create],
  ['DELETE', onMailbox('delete')],
  ['RENAME', rename],
  ['SUBSCRIBE', onMailbox('subscribe')],
  ['UNSUBSCRIBE', onMailbox('unsubscribe')],
  ['LIST', list],
  ['LSUB', lsub],
  ['NAMESPACE', plain('namespace')],
  ['STATUS', status],
  ['APPEND', append],
  ['IDLE', plain('idle')],
  ['GETQUOTA', getQuota],
  ['GETQUOTAROOT', onMailbox('getQuotaRoot')],
  ['SETQUOTA', setQuota],
  ['CHECK', plain('check')],
  ['CLOSE', plain('close')],
  ['UNSELECT', plain('unselect')],
  ['EXPUNGE', expunge],
  ['SEARCH', search('seq')],
  ['SORT', sort('seq')],
  ['THREAD', thread('seq')],
  ['FETCH', fetch('seq')],
  ['STORE', store('seq')],
  ['COPY', copyOrMove('copy', 'seq')],
  ['MOVE', copyOrMove('move', 'seq')],
  ['UID EXPUNGE', uidExpunge],
  ['UID SEARCH', search('uid')],
  ['UID SORT', sort('uid')],
  ['UID THREAD', thread('uid')],
  ['UID FETCH', fetch('uid')],
  ['UID STORE', store('uid')],
  ['UID COPY', copyOrMove('copy', 'uid')],
  ['UID MOVE', copyOrMove('move', 'uid')],
]);

/** Every command that is understood, in upper case. */
export const commandNames: readonly string[] = [...grammar.keys()];

/**
 * The command that a frame's octets are (see line-reader.ts). Never throws, whatever the octets. `names` is 'utf8' once
 * the session has enabled IMAP4rev2 or UTF8=ACCEPT.
 */
export function parseCommand(
  bytes: Uint8Array,
  names: NameEncoding = 'modifiedUtf7',
): Result<Command, BadSyntax> {
  const r = new ArgReader(bytes, names);
  return atBorder(bytes, () => {
    const tag = r.run(tagChar);
    if (tag === '' || tag.length > maxTagOctets) r.fail('Expected a tag');
    if (r.at === bytes.length) r.fail('Missing command');
    r.sp();
    const body = commandArguments(r);
    return { ...body, tag };
  });
}

/** Longest tag that is echoed; clients use fewer than ten octets. */
const maxTagOctets = 128;

function commandArguments(r: ArgReader): CommandBody {
  let name = r.run(atomChar).toUpperCase();
  if (name === 'UID') {
    r.sp();
    name = `UID ${r.run(atomChar).toUpperCase()}`;
  }
  return (grammar.get(name) ?? r.fail('Unknown command'))(r);
}

/**
 * What follows a message of APPEND, from the frame of `nextAfterMessage`: the next message (RFC 3502), or undefined at the
 * command's end. `before` is the message just read. The BadSyntax has no tag: it is the APPEND's.
 */
export function parseAppendRest(
  bytes: Uint8Array,
  before: AppendMessage,
): Result<AppendMessage | undefined, BadSyntax> {
  return atBorder(undefined, () => appendRest(new ArgReader(bytes, 'utf8'), before));
}

/** Syntax faults become values here; anything else thrown is a bug and passes. */
function atBorder<T>(tagged: Uint8Array | undefined, parse: () => T): Result<T, BadSyntax> {
  try {
    return ok(parse());
  } catch (fault) {
    if (!(fault instanceof SyntaxFault)) throw fault;
    return err({ tag: tagged && tagOf(tagged), text: fault.text });
  }
}
