import type { AccountId, BlobKey, LogPosition } from '../ids.ts';

/** One entry as stored. `bytes` are opaque here; shared/engine/entry.ts is their codec. */
export interface StoredEntry {
  readonly position: LogPosition;
  readonly bytes: Uint8Array;
}

/** Where the newest snapshot is: entries up to and including `position` are folded into `manifest`. */
export interface Head {
  readonly position: LogPosition;
  readonly manifest: BlobKey;
}

/** Where the head is to go. */
export interface HeadMove extends Head {
  /** The last position ever used, where the head goes beyond it, as after a rebuild. */
  readonly last?: LogPosition;
}

/** A consistent view of the end of a log: the head and the entries after the position asked for. */
export interface LogTail {
  readonly head: Head | undefined;
  /** Ascending and without gaps within a page; may start later than asked, but never after the head (see `read`). */
  readonly entries: readonly StoredEntry[];
  /** True where a page bound cut the answer: read again after the last entry. */
  readonly more: boolean;
}

/** The end of a log, for who needs to know no more. */
export interface LogEnd {
  readonly head: Head | undefined;
  /** Undefined where the log has none; below the head where that is beyond all entries, as after a rebuild. */
  readonly last: StoredEntry | undefined;
}

export type AppendOutcome =
  | { readonly kind: 'done' }
  /** The position is used: `occupant` is what stands there (perhaps our own earlier attempt), unless it was trimmed. */
  | { readonly kind: 'taken'; readonly occupant: Uint8Array | undefined }
  /** The answer was lost: the append may or may not have happened, now or later. Settle by sending the same bytes again. */
  | { readonly kind: 'unknown'; readonly cause: unknown };

export interface AppendRequest {
  readonly account: AccountId;
  /** The position after the last one ever used. */
  readonly position: LogPosition;
  readonly bytes: Uint8Array;
  /** Blobs that this entry names and the caller has put: durable when this append answers 'done'. */
  readonly blobs: readonly BlobKey[];
  /** When the tail was read that `position` follows, ms of the adapter's clock domain (Date.now()).
   *  An adapter refuses ('unknown' is not an answer to this: it throws StaleTail) what is older than five minutes. */
  readonly readAt: number;
}

/** The tail that a writer relied on is too old to append to; read it again, decide again. */
export class StaleTail extends Error {}

/**
 * The append-only record of every account: the only truth there is.
 * `append` is linearizable per account: it answers 'done' for a position at most once, ever, and only if every lower
 * position was used before. A used position is never free again, even when trimmed.
 */
export interface AccountLog {
  /**
   * The head and the entries after `after`, in one round trip, a page at a time. Where `after` is below the head, the
   * entries may start after the head instead (they do where the next ones are trimmed, and for 0): the reader sees the
   * gap, `head.position` beyond its own, and loads what the head names.
   */
  read(account: AccountId, after: LogPosition): Promise<LogTail>;
  /** The head and the last entry, in one read whatever the log's length. The entry is never older than the head that is told. */
  readEnd(account: AccountId): Promise<LogEnd>;
  append(request: AppendRequest): Promise<AppendOutcome>;
  /**
   * Moves the head, forwards only: false where the head is already at or past `move.position`. When it answers, the
   * manifest and every object put before the call by this process under the account's prefix are durable.
   *
   * Beyond all entries it goes only where `move.last` is the last position used, and false is the answer where another was used meanwhile:
   * no entry comes to stand between `last` and the head. A process that dies at this may leave a log that takes no entries until another
   * has moved its head beyond them.
   */
  moveHead(account: AccountId, move: HeadMove): Promise<boolean>;
  /** Deletes entries at or below `upTo` that are also at or below the head. The last entry always stays. */
  trim(account: AccountId, upTo: LogPosition): Promise<void>;
  /** Deletes the whole log of an account that the directory no longer knows. Its id is never used again. */
  drop(account: AccountId): Promise<void>;
}
