import type { MailError } from '../../shared/engine/mail-error.ts';
import type { PlainCode } from '../../shared/imap/responses/status.ts';
import type { Log } from '../../shared/telemetry/log.ts';
import type { Outcome, Reply } from './session-state.ts';

type Wording = { [K in MailError['kind']]: (e: Extract<MailError, { kind: K }>) => Outcome };

const no = (code: PlainCode, text: string): Outcome => ({ condition: 'NO', code: { code }, text });

/** Response codes: RFC 9051 §7.1. A cause is logged, never sent. */
const wording: Wording = {
  noSuchMailbox: (e) => no(e.creatable ? 'TRYCREATE' : 'NONEXISTENT', 'No such mailbox'),
  mailboxExists: () => no('ALREADYEXISTS', 'There is a mailbox of that name'),
  hasChildren: () => no('HASCHILDREN', 'That is a level with mailboxes below it'),
  specialUseTaken: () => no('USEATTR', 'Another mailbox has that special use'),
  badMailboxName: (e) => no('CANNOT', `Not a mailbox name: ${e.reason}`),
  notPossible: (e) => no('CANNOT', e.reason),
  overQuota: () => no('OVERQUOTA', 'The mailbox is full'),
  limit: (e) => no('LIMIT', `Limit reached: ${e.reason}`),
  tooLarge: (e) => no('TOOBIG', `Messages are at most ${e.limit} bytes`),
  unavailable: () => no('UNAVAILABLE', 'Please try again later'),
  unsettled: (e) => ({ condition: 'unsettled', cause: e.cause }),
};

/** The answer for what the engine refused. Only COPY, MOVE and APPEND may say TRYCREATE: `creatable` 'no' elsewhere. */
export function errorReply(error: MailError, log: Log, creatable: 'tell' | 'no' = 'no'): Outcome {
  if (error.kind === 'unavailable') log.error({ event: 'account.unavailable' }, error.cause);
  if (error.kind === 'noSuchMailbox' && creatable === 'no') return no('NONEXISTENT', 'No such mailbox');
  return (wording[error.kind] as (e: MailError) => Outcome)(error);
}

/** The answer to a command that met a fault of ours. */
export function faultReply(log: Log, command: string, cause: unknown): Reply {
  log.error({ event: 'imap.fault', command }, cause);
  const text = 'Something went wrong here; it has been noted';
  return { condition: 'NO', code: { code: 'SERVERBUG' }, text, expunge: 'withheld' };
}
