import { err, ok, type Result } from '../result.ts';

/** Why the engine does not do what it was asked. Each protocol words them once; `cause` is logged, never sent. */
export type MailError =
  /** `creatable`: the name could be made by CREATE (IMAP's TRYCREATE). */
  | { readonly kind: 'noSuchMailbox'; readonly creatable: boolean }
  | { readonly kind: 'mailboxExists' }
  | { readonly kind: 'badMailboxName'; readonly reason: string }
  /** A name alone, of mailboxes below it. */
  | { readonly kind: 'hasChildren' }
  /** Another mailbox has that special use. */
  | { readonly kind: 'specialUseTaken' }
  /** INBOX cannot be deleted, a name cannot be moved below itself, and the like. */
  | { readonly kind: 'notPossible'; readonly reason: string }
  | { readonly kind: 'overQuota' }
  | { readonly kind: 'limit'; readonly reason: string }
  | { readonly kind: 'tooLarge'; readonly limit: number }
  /** Nothing was changed; the same may work later. */
  | { readonly kind: 'unavailable'; readonly cause: unknown }
  /** It is not known whether the change was made: the connection must end without an answer, never with NO. */
  | { readonly kind: 'unsettled'; readonly cause: unknown };

export const unavailable = (cause: unknown): MailError => ({ kind: 'unavailable', cause });

/** What a read or a change came to; whatever it throws, the store is at fault. */
export async function orUnavailable<T>(run: () => Promise<T>): Promise<Result<T, MailError>> {
  try {
    return ok(await run());
  } catch (cause) {
    return err(unavailable(cause));
  }
}
