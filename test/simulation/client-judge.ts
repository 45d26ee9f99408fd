import { rowsOf } from '../../shared/engine/rows.ts';
import { flagsInOrder } from './compare.ts';
import type { Tagged } from './imap-connection.ts';
import type { MailCache } from './mail-cache.ts';
import type { Answered } from './proposals.ts';
import { matches, type SearchedFor } from './search-keys.ts';
import type { Truth } from './truth.ts';

/** What a client's copy of a mailbox says otherwise than the account did after so many entries; nothing where they agree. */
export function differenceOf(truth: Truth, n: number, cache: MailCache): string {
  const state = truth.stateAt(n);
  const mailbox = [...state.mailboxes].find((m) => m.uidValidity === cache.uidValidity);
  if (mailbox === undefined) return `${n}: there is no mailbox with UIDVALIDITY ${cache.uidValidity}`;
  const rows = [...rowsOf(mailbox.chunks)];
  const uids = rows.map((row) => row.uid).join();
  if (uids !== cache.numbers.join()) return `${n}: UIDs are ${uids}, the client has ${cache.numbers.join()}`;
  for (const row of rows) {
    const message = cache.messages.get(row.uid);
    const flags = flagsInOrder(state.flags.set(row.flags));
    if (message?.flags?.join(' ') !== flags)
      return `${n}: UID ${row.uid} has the flags ${flags}, for the client ${message?.flags?.join(' ')}`;
    // A resync tells no email ids.
    if (message.email !== undefined && message.email !== truth.emails.get(row.message))
      return `${n}: UID ${row.uid} is another message`;
  }
  return '';
}

/** The same of what a search found. Messages that are there no more may still be numbered for the client, and match or not. */
export function searchDifference(
  truth: Truth,
  n: number,
  uidValidity: number,
  { key, found }: SearchedFor,
  bytesOf: (email: string) => Buffer | undefined,
): string {
  const state = truth.stateAt(n);
  const mailbox = [...state.mailboxes].find((m) => m.uidValidity === uidValidity);
  if (mailbox === undefined) return `${n}: there is no mailbox with UIDVALIDITY ${uidValidity}`;
  for (const row of rowsOf(mailbox.chunks)) {
    const bytes = bytesOf(truth.emails.get(row.message)!);
    if (bytes === undefined) continue;
    const is = matches(key, { flags: state.flags.set(row.flags).flags, text: bytes.toString('latin1') });
    if (is !== found.has(row.uid)) return `${n}: UID ${row.uid} ${is ? 'is missing' : 'does not match'}`;
  }
  return '';
}

/** What the answer to a command says of the changes that it stands for. */
export function answeredBy(command: string, { condition, text }: Tagged): Answered {
  // \Seen is set before bodies are read; and a STORE by number does what it can with those that are still there (RFC 2180 §4.2).
  const inPart = /^FETCH /.test(command) || (/^STORE /.test(command) && text.startsWith('[EXPUNGEISSUED]'));
  return { command, answer: `${condition} ${text}`, refused: condition !== 'OK' && !inPart };
}
