import type { MailboxId, ModSeq } from '../ids.ts';
import type { FlagTable } from './flag-table.ts';
import type { SpecialUse } from './operation.ts';
import { type Chunk, runs } from './rows.ts';
import type { SharedVector } from './shared-vector.ts';
import { UidSet } from './uid-set.ts';

/** Messages that left a mailbox together: for VANISHED (RFC 7162), and to bring them back within the retention period. */
export interface Departure {
  readonly modSeq: ModSeq;
  /** Seconds since 1970. */
  readonly time: number;
  readonly uids: UidSet;
  /** The chunks as they were that held them; empty where the messages live on elsewhere (MOVE) or were purged. */
  readonly rows: readonly Chunk[];
}

/** One mailbox (IMAP's folder). Immutable; versions share what did not change. */
export interface Mailbox {
  readonly id: MailboxId;
  /** Unicode, levels separated by '/'. */
  readonly name: string;
  readonly specialUse: SpecialUse | undefined;
  readonly uidValidity: number;
  readonly uidNext: number;
  /** RFC 7162: the mod-sequence of the last change in it, its creation included. */
  readonly highestModSeq: ModSeq;
  /** Lowest UID that is still \Recent. */
  readonly recentFrom: number;
  readonly exists: number;
  readonly unseen: number;
  readonly deleted: number;
  /** Sum of the messages' sizes. */
  readonly bytes: number;
  /** Keywords that messages in it have or had, in the order of their coming. */
  readonly keywords: readonly string[];
  /** Messages that POP3 no longer shows. */
  readonly hiddenFromPop3: UidSet;
  readonly chunks: readonly Chunk[];
  readonly departures: SharedVector<Departure>;
}

/** Exists, unseen, deleted and bytes of the rows of a set. */
export function countRows(chunks: readonly Chunk[], set: UidSet, flags: FlagTable) {
  let exists = 0;
  let unseen = 0;
  let deleted = 0;
  let bytes = 0;
  for (const chunk of chunks) {
    for (const [from, to] of runs(chunk, set)) {
      exists += to - from;
      for (let i = from; i < to; i++) {
        const flagSet = flags.set(chunk.marks.flags[i]!);
        if (!flagSet.seen) unseen++;
        if (flagSet.deleted) deleted++;
        bytes += chunk.fixed.size[i]!;
      }
    }
  }
  return { exists, unseen, deleted, bytes };
}

/** The UIDs of a set that exist in the mailbox. */
export function presentUids(mailbox: Mailbox, set: UidSet): UidSet {
  function* uids() {
    for (const chunk of mailbox.chunks)
      for (const [from, to] of runs(chunk, set)) yield* chunk.fixed.uid.subarray(from, to);
  }
  return UidSet.of(uids());
}

/** Every UID of the mailbox. */
export const allUids = (mailbox: Mailbox): UidSet => presentUids(mailbox, everyUid);

export const everyUid: UidSet = UidSet.ofRanges([[1, 0xffffffff]]);

/** UIDs whose flags satisfy a test, in ascending order. */
export function uidsWithFlags(mailbox: Mailbox, set: UidSet, test: (flagsId: number) => boolean): UidSet {
  function* uids() {
    for (const chunk of mailbox.chunks)
      for (const [from, to] of runs(chunk, set))
        for (let i = from; i < to; i++) if (test(chunk.marks.flags[i]!)) yield chunk.fixed.uid[i]!;
  }
  return UidSet.of(uids());
}

/** UIDs at or below `known` that left the mailbox after `since`; all missing ones where the history does not reach back. */
export function vanishedSince(mailbox: Mailbox, since: number): UidSet {
  let gone = UidSet.empty;
  for (const departure of mailbox.departures.reversed()) {
    if (departure.modSeq <= since) break;
    gone = gone.union(departure.uids);
  }
  return gone;
}
