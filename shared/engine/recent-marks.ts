import type { MailboxId } from '../ids.ts';
import type { AccountState } from './state.ts';

/**
 * Lowest UIDs that are \Recent (RFC 3501 §2.3.2) to the next session, by mailbox, as sessions of this process left them. Kept in memory, and
 * written with the next entry: they are not worth one.
 */
export class RecentMarks {
  readonly #from = new Map<number, number>();

  from({ mailboxes }: AccountState, mailbox: number): number {
    const stored = mailboxes.get(mailbox as MailboxId)?.recentFrom ?? 1;
    return Math.max(stored, this.#from.get(mailbox) ?? 1);
  }

  /** A session has been told of all UIDs below `uid`. */
  note(state: AccountState, mailbox: number, uid: number): void {
    if (uid > this.from(state, mailbox)) this.#from.set(mailbox, uid);
  }

  /** What no entry says yet. */
  pending({ mailboxes }: AccountState): readonly (readonly [number, number])[] {
    for (const [mailbox, uid] of this.#from) {
      const stored = mailboxes.get(mailbox as MailboxId);
      if (stored === undefined || stored.recentFrom >= uid) this.#from.delete(mailbox);
    }
    return [...this.#from];
  }
}
