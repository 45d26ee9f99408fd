import { err, ok, type Result } from '../result.ts';
import type { Decide, Decided } from './decision.ts';
import type { MailError } from './mail-error.ts';
import type { Mailbox } from './mailbox.ts';
import { checkMailboxName } from './mailbox-name.ts';
import type { Operation } from './operation.ts';
import type { AccountState } from './state.ts';

/** The answer of a change that says nothing but that it was made. */
export const nothing = (): void => undefined;

/** One operation, and what it answers. */
export function one<T>(operation: Operation, answer: Decided<T>['answer']): Result<Decided<T>, MailError> {
  return ok({ operations: [operation], answer });
}

/** A mailbox of a name; where there is none, whether there could be. */
export function mailboxNamed(state: AccountState, name: string): Result<Mailbox, MailError> {
  const mailbox = state.mailboxes.named(name);
  if (mailbox !== undefined) return ok(mailbox);
  return err({ kind: 'noSuchMailbox', creatable: checkMailboxName(name) === undefined });
}

/** The mailbox that was chosen is not there any more. */
export const gone: Result<never, MailError> = err({ kind: 'noSuchMailbox', creatable: false });

type Told = Pick<Mailbox, 'id' | 'uidValidity'>;

/**
 * A decision about UIDs that somebody was told of a mailbox. After a rebuild they may be those of other messages, under a new UIDVALIDITY: then
 * it is as if the mailbox were gone.
 */
export const withUidsOf =
  <T>(told: Told, decide: Decide<T>): Decide<T> =>
  (state, now) =>
    isStillIn(state, told) ? decide(state, now) : gone;

/** Whether a mailbox's UIDs are what they were when somebody was told of them. */
export const isStillIn = ({ mailboxes }: AccountState, told: Told): boolean =>
  mailboxes.get(told.id)?.uidValidity === told.uidValidity;
