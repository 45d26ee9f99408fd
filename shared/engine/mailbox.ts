import type { MailboxId, ModSeq } from '../ids.ts';
import type { FlagTable } from './flag-table.ts';
import type { SpecialUse } from './operation.ts';
import { type Chunk, lowerBound, runs } from './rows.ts';
import { SharedVector } from './shared-vector.ts';
import { RowsNeeded, type StoredHistory, type StoredRows } from './stored-rows.ts';
import { UidCollector, UidSet } from './uid-set.ts';

/** Messages that left a mailbox together: for VANISHED (RFC 7162), and to bring them back within the retention period. */
export interface Departure {
  readonly modSeq: ModSeq;
  /** Seconds since 1970. */
  readonly time: number;
  readonly uids: UidSet;
  /** The chunks as they were that held them; empty where the messages live on elsewhere (MOVE) or were purged. */
  readonly rows: readonly Chunk[];
}

/** The rows of a mailbox: those held, and behind them in time those that still lie in a snapshot. */
export interface MailboxRows {
  readonly stored: StoredRows | undefined;
  /** All rows, or those appended since the snapshot. */
  readonly chunks: readonly Chunk[];
}

/** What left a mailbox. */
export interface History {
  readonly stored: StoredHistory | undefined;
  /** All departures in their order, or those since the snapshot. */
  readonly departures: SharedVector<Departure>;
  /** Nothing is known of what left at or before this mod-sequence. */
  readonly from: number;
  /** Mod-sequence of the last change of what had left before it; 0 for none that is known. */
  readonly rewritten: number;
}

interface MailboxFields {
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
  readonly rows: MailboxRows;
  readonly history: History;
}

export const noRows: MailboxRows = { stored: undefined, chunks: [] };
export const noHistory: History = {
  stored: undefined,
  departures: SharedVector.of(),
  from: 0,
  rewritten: 0,
};

/**
 * One mailbox (IMAP's folder). Immutable; versions share what did not change. Its counters are always there; its rows and its history may
 * lie in a snapshot until they are asked for (see RowsNeeded).
 */
export class Mailbox implements MailboxFields {
  readonly id: MailboxId;
  readonly name: string;
  readonly specialUse: SpecialUse | undefined;
  readonly uidValidity: number;
  readonly uidNext: number;
  readonly highestModSeq: ModSeq;
  readonly recentFrom: number;
  readonly exists: number;
  readonly unseen: number;
  readonly deleted: number;
  readonly bytes: number;
  readonly keywords: readonly string[];
  readonly hiddenFromPop3: UidSet;
  readonly rows: MailboxRows;
  readonly history: History;

  constructor(fields: MailboxFields) {
    this.id = fields.id;
    this.name = fields.name;
    this.specialUse = fields.specialUse;
    this.uidValidity = fields.uidValidity;
    this.uidNext = fields.uidNext;
    this.highestModSeq = fields.highestModSeq;
    this.recentFrom = fields.recentFrom;
    this.exists = fields.exists;
    this.unseen = fields.unseen;
    this.deleted = fields.deleted;
    this.bytes = fields.bytes;
    this.keywords = fields.keywords;
    this.hiddenFromPop3 = fields.hiddenFromPop3;
    this.rows = fields.rows;
    this.history = fields.history;
  }

  /** The mailbox with other values; `chunks` are all its rows, `departures` its whole history. */
  with(
    change: Partial<
      MailboxFields & {
        readonly chunks: readonly Chunk[];
        readonly departures: SharedVector<Departure>;
      }
    >,
  ): Mailbox {
    const { chunks, departures, ...fields } = change;
    const rows = chunks === undefined ? (fields.rows ?? this.rows) : { stored: undefined, chunks };
    const history =
      departures === undefined
        ? (fields.history ?? this.history)
        : { ...this.history, stored: undefined, departures };
    return new Mailbox({ ...(this as MailboxFields), ...fields, rows, history });
  }

  /** All its rows. @throws RowsNeeded */
  get chunks(): readonly Chunk[] {
    if (this.rows.stored !== undefined) throw new RowsNeeded(this.id, 'rows');
    return this.rows.chunks;
  }

  /** Everything that is known of what left it, oldest first. @throws RowsNeeded */
  get departures(): SharedVector<Departure> {
    if (this.history.stored !== undefined) throw new RowsNeeded(this.id, 'history');
    return this.history.departures;
  }
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
  const present = new UidCollector();
  for (const chunk of mailbox.chunks)
    for (const [from, to] of runs(chunk, set)) present.addRows(chunk.fixed.uid, from, to);
  return present.set;
}

/** Every UID of the mailbox. */
export const allUids = (mailbox: Mailbox): UidSet => presentUids(mailbox, everyUid);

export const everyUid: UidSet = UidSet.ofRanges([[1, 0xffffffff]]);

/** UIDs whose flags satisfy a test, in ascending order. */
export function uidsWithFlags(mailbox: Mailbox, set: UidSet, test: (flagsId: number) => boolean): UidSet {
  const found = new UidCollector();
  for (const chunk of mailbox.chunks)
    for (const [from, to] of runs(chunk, set)) {
      const { flags } = chunk.marks;
      for (let i = from; i < to; i++) if (test(flags[i]!)) found.addRows(chunk.fixed.uid, i, i + 1);
    }
  return found.set;
}

/**
 * UIDs that left the mailbox after `since`; where the history does not reach back, all that are missing (RFC 7162 §3.2.6 allows more than
 * the client knew). Asks only for the part of the history that it needs. @throws RowsNeeded
 */
export function vanishedSince(mailbox: Mailbox, since: number): UidSet {
  const { stored, departures, from } = mailbox.history;
  if (since >= mailbox.highestModSeq) return UidSet.empty;
  if (since < from) {
    const all = UidSet.ofRanges(mailbox.uidNext > 1 ? [[1, mailbox.uidNext - 1]] : []);
    return all.subtract(allUids(mailbox));
  }
  if (stored !== undefined && stored.modSeq > since) throw new RowsNeeded(mailbox.id, 'history');
  const gone: UidSet[] = [];
  for (const departure of departures.reversed()) {
    if (departure.modSeq <= since) break;
    gone.push(departure.uids);
  }
  return UidSet.unionOf(gone);
}

/** How many messages have UIDs from `uid` on: what is \Recent. Where that is not known without the rows, at most as many. */
export function countFrom(mailbox: Mailbox, uid: number): number {
  const { stored, chunks } = mailbox.rows;
  let count = 0;
  for (let i = chunks.length - 1; i >= 0; i--) {
    const chunk = chunks[i]!;
    const from = lowerBound(chunk, uid);
    count += chunk.length - from;
    if (from > 0) return count;
  }
  if (stored === undefined || uid >= stored.uidNext) return count;
  if (uid === stored.recentFrom) return count + stored.recent;
  return Math.min(mailbox.exists, mailbox.uidNext - uid);
}

/** Messages of a set with a mod-sequence above `since`. */
export function changedSince(mailbox: Mailbox, uids: UidSet, since: number): UidSet {
  const changed = new UidCollector();
  for (const chunk of mailbox.chunks) {
    if (chunk.maxModSeq <= since) continue;
    for (const [from, to] of runs(chunk, uids)) {
      const { modSeq } = chunk.marks;
      for (let i = from; i < to; i++) if (modSeq[i]! > since) changed.addRows(chunk.fixed.uid, i, i + 1);
    }
  }
  return changed.set;
}
