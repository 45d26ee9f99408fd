import type { BlobKey, MailboxId } from '../ids.ts';

/** A piece of an index object: what one mailbox's rows, or the history of what left it, were or became. */
export interface SectionRef {
  readonly object: BlobKey;
  /** Byte offset in the object. */
  readonly start: number;
  readonly bytes: number;
}

/** Rows of a mailbox that lie in a snapshot: sections in order of their making, each on top of those before it. */
export interface StoredRows {
  readonly sections: readonly SectionRef[];
  /** UIDNEXT at the snapshot: rows from here on are not in it. */
  readonly uidNext: number;
  /** `recentFrom` at the snapshot, and how many rows there were from it on. */
  readonly recentFrom: number;
  readonly recent: number;
}

/** Departures of a mailbox that lie in a snapshot. */
export interface StoredHistory {
  readonly sections: readonly SectionRef[];
  /** How many departures. */
  readonly count: number;
  /** How many messages can come back. */
  readonly restorable: number;
  /** No departure with messages that can come back is older, seconds since 1970. */
  readonly oldest: number;
  /** Mod-sequence of the last one. */
  readonly modSeq: number;
  /** Purges since: their rows are given up. */
  readonly purges: readonly Purge[];
}

/** From an entry of this mod-sequence on, what left at or before a time (seconds since 1970) cannot come back. */
export interface Purge {
  readonly before: number;
  readonly modSeq: number;
}

/**
 * Rows, or history, of a mailbox were asked for that still lie in the snapshot. Whoever asks pure functions about a state catches it, has the
 * account load them, and asks again.
 */
export class RowsNeeded extends Error {
  readonly mailbox: MailboxId;
  readonly part: 'rows' | 'history';

  constructor(mailbox: MailboxId, part: 'rows' | 'history') {
    super(`the ${part} of mailbox ${mailbox} are not loaded`);
    this.mailbox = mailbox;
    this.part = part;
  }
}
