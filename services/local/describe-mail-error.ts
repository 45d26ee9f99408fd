import type { MailError } from '../../shared/engine/mail-error.ts';
import { printSize } from './size.ts';

type Wording = { [K in MailError['kind']]: (e: Extract<MailError, { kind: K }>) => string };

const wording: Wording = {
  noSuchMailbox: () => 'there is no such mailbox',
  mailboxExists: () => 'there is a mailbox of that name',
  hasChildren: () => 'there are mailboxes below it',
  specialUseTaken: () => 'another mailbox has that special use',
  badMailboxName: (e) => `not a mailbox name: ${e.reason}`,
  notPossible: (e) => e.reason,
  overQuota: () => 'over the quota',
  limit: (e) => `limit reached: ${e.reason}`,
  tooLarge: (e) => `larger than ${printSize(e.limit)}`,
  unavailable: (e) => `the store does not answer: ${describeCause(e.cause)}`,
  unsettled: (e) => `it is not known whether it was done: ${describeCause(e.cause)}`,
};

/** One line for a person. */
export const describeMailError = (error: MailError): string =>
  (wording[error.kind] as (e: MailError) => string)(error);

/** What was thrown, in one line. */
export function describeCause(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.replace(/\s+/g, ' ').slice(0, 500);
}
