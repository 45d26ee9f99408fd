import type { ModSeq, SeqNum, Uid } from '../ids.ts';
import { differenceOf, type Ghost, ghostsBelow, mergeGhosts } from './ghosts.ts';
import { LiveRows } from './live-rows.ts';
import { type Mailbox, presentUids } from './mailbox.ts';
import { type Chunk, lowerBound, restChunk, runs } from './rows.ts';
import { UidSet } from './uid-set.ts';

/** Neighbouring rows of one chunk, numbered without a gap in the session's numbering. */
export interface Span {
  readonly chunk: Chunk;
  /** Rows `[from, to)` of the chunk. */
  readonly from: number;
  readonly to: number;
  /** Of the row at `from`. */
  readonly firstSeq: SeqNum;
  /** Expunged by somebody else, still numbered here: may be fetched, not changed or copied. */
  readonly ghost: boolean;
}

/** What a session owes its client. */
export interface Updates {
  /** Messages gone, as the client numbers them, highest first: each EXPUNGE is then right as it stands. */
  readonly expunged: readonly SeqNum[];
  /** The same as UIDs, for VANISHED. */
  readonly vanished: UidSet;
  /** The new count, where messages have come. */
  readonly exists: number | undefined;
  /** Known messages whose flags changed. */
  readonly flagged: UidSet;
}

/**
 * A mailbox as one session numbers it: the newest version, plus ghosts (messages that others expunged, numbered here until
 * EXPUNGE may be sent, RFC 9051 §7.5.1), less what the client has not been told of yet.
 */
export class MailboxView {
  #mailbox: Mailbox;
  /** UIDs from here on are not announced. */
  #toldUidNext: number;
  #ghosts: readonly Ghost[] = [];
  /** Sequence numbers of the ghosts. */
  #ghostSeqs: readonly number[] = [];
  /** Mod-sequence that a client with these ghosts may be told at most. */
  #ghostLimit: ModSeq | undefined;
  #flagged: UidSet = UidSet.empty;
  /** Of the current version. */
  #live: LiveRows;
  #toldExists: number;

  constructor(mailbox: Mailbox) {
    this.#mailbox = mailbox;
    this.#toldUidNext = mailbox.uidNext;
    this.#live = LiveRows.of(mailbox.chunks);
    this.#toldExists = mailbox.exists;
  }

  /** The newest version: counters, keywords, chunks. */
  get mailbox(): Mailbox {
    return this.#mailbox;
  }

  /** How many messages the client knows of. */
  get exists(): number {
    return this.#toldExists;
  }

  /** UIDs at or above this are not announced yet. */
  get uidNext(): number {
    return this.#toldUidNext;
  }

  /** What may be told as HIGHESTMODSEQ: never past the oldest expunge that was not sent (RFC 7162 §3.2.10). */
  get highestModSeq(): ModSeq {
    return this.#ghostLimit ?? this.#mailbox.highestModSeq;
  }

  get ghostUids(): UidSet {
    return this.#ghosts.length === 0 ? UidSet.empty : UidSet.of(this.#ghosts.map((g) => g.uid));
  }

  /** Known messages whose changed flags are not told yet. */
  get owedFlags(): UidSet {
    return this.#flagged;
  }

  /** The client knows the flags of these as they are now: from a command's own answer, or because it set them (.SILENT). */
  noteTold(uids: UidSet): void {
    this.#flagged = this.#flagged.subtract(uids);
  }

  /** Takes in a newer version of the same mailbox. Costs what changed, where versions share chunks. */
  advance(newer: Mailbox): void {
    const older = this.#mailbox;
    if (newer === older) return;
    const difference = differenceOf(older.chunks, newer.chunks, this.#toldUidNext);
    this.#mailbox = newer;
    this.#live = LiveRows.of(newer.chunks);
    if (difference.flagged.size > 0) this.#flagged = this.#flagged.union(difference.flagged);
    if (difference.gone.length > 0) {
      if (this.#ghosts.length === 0) this.#ghostLimit = older.highestModSeq;
      this.#ghosts = mergeGhosts(this.#ghosts, difference.gone);
      this.#flagged = this.#flagged.subtract(UidSet.of(difference.gone.map((g) => g.uid)));
    }
    if (this.#ghosts.length > 0)
      this.#ghostSeqs = this.#ghosts.map((g, i) => this.#live.below(g.uid) + i + 1);
  }

  /** The session is idle: its rows are packed until it looks at them. */
  rest(): void {
    for (const chunk of this.#mailbox.chunks) restChunk(chunk);
    for (const { chunk } of this.#ghosts) restChunk(chunk);
  }

  /** Hands over what is owed. With 'withheld', ghosts stay (while answering FETCH, STORE, SEARCH: RFC 9051 §7.5.1). */
  takeUpdates(expunge: 'allowed' | 'withheld'): Updates {
    let expunged: readonly SeqNum[] = [];
    let vanished = UidSet.empty;
    if (expunge === 'allowed' && this.#ghosts.length > 0) {
      expunged = this.#ghostSeqs.toReversed() as SeqNum[];
      vanished = this.ghostUids;
      this.#toldExists -= this.#ghosts.length;
      this.#ghosts = [];
      this.#ghostSeqs = [];
      this.#ghostLimit = undefined;
    }
    const flagged = this.#flagged;
    this.#flagged = UidSet.empty;
    this.#toldUidNext = this.#mailbox.uidNext;
    const exists = this.#mailbox.exists + this.#ghosts.length;
    const grown = exists > this.#toldExists;
    this.#toldExists = exists;
    return { expunged, vanished, exists: grown ? exists : undefined, flagged };
  }

  /** True where `takeUpdates` would have something to say. */
  hasUpdates(expunge: 'allowed' | 'withheld'): boolean {
    return (
      this.#flagged.size > 0 ||
      this.#mailbox.exists + this.#ghosts.length > this.#toldExists ||
      (expunge === 'allowed' && this.#ghosts.length > 0)
    );
  }

  /** The number of a message, or undefined where the client does not know it. */
  seqOf(uid: number): SeqNum | undefined {
    if (uid >= this.#toldUidNext || uid < 1) return undefined;
    const ghosts = ghostsBelow(this.#ghosts, uid);
    if (this.#ghosts[ghosts]?.uid !== uid && !this.#live.has(uid)) return undefined;
    return (this.#live.below(uid) + ghosts + 1) as SeqNum;
  }

  /** The UID at a number from 1 to `exists`. */
  uidAt(seq: number): Uid | undefined {
    if (seq < 1 || seq > this.#toldExists) return undefined;
    let low = 0;
    let high = this.#ghostSeqs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#ghostSeqs[middle]! < seq) low = middle + 1;
      else high = middle;
    }
    if (this.#ghostSeqs[low] === seq) return this.#ghosts[low]!.uid as Uid;
    return this.#live.uidAt(seq - 1 - low);
  }

  /** The UIDs, ghosts included, that inclusive ranges of numbers name; parts beyond `exists` are left out. */
  uidsOfNumbers(ranges: Iterable<readonly [number, number]>): UidSet {
    const known: (readonly [number, number])[] = [];
    for (const [first, last] of ranges) {
      const from = this.uidAt(Math.max(1, first));
      const to = this.uidAt(Math.min(last, this.#toldExists));
      if (from !== undefined && to !== undefined && from <= to) known.push([from, to]);
    }
    return this.knownUids(UidSet.ofRanges(known));
  }

  /** Those of a set that the client knows of, ghosts included. */
  knownUids(set: UidSet): UidSet {
    const told = this.#told(set);
    const present = presentUids(this.#mailbox, told);
    return this.#ghosts.length === 0 ? present : present.union(this.ghostUids.intersect(told));
  }

  /** The last UID that the client knows of: what `*` means; undefined in an empty mailbox. */
  get lastUid(): Uid | undefined {
    return this.uidAt(this.#toldExists);
  }

  #told(set: UidSet): UidSet {
    const last = set.last ?? 0;
    return last < this.#toldUidNext ? set : set.intersect(UidSet.ofRanges([[1, this.#toldUidNext - 1]]));
  }

  /** The rows of a set in ascending order, ghosts among them. */
  *spans(set: UidSet): Generator<Span> {
    const told = this.#told(set);
    let ghost = 0;
    for (let c = 0; c < this.#mailbox.chunks.length; c++) {
      const chunk = this.#mailbox.chunks[c]!;
      for (let [from, to] of runs(chunk, told)) {
        while (from < to) {
          yield* this.#ghostSpans(told, ghost, chunk.fixed.uid[from]!);
          ghost = ghostsBelow(this.#ghosts, chunk.fixed.uid[from]!);
          const nextGhost = this.#ghosts[ghost]?.uid ?? Number.POSITIVE_INFINITY;
          let end = to;
          if (chunk.fixed.uid[to - 1]! > nextGhost) end = Math.min(to, lowerBound(chunk, nextGhost));
          yield {
            chunk,
            from,
            to: end,
            firstSeq: (this.#live.before(c) + from + ghost + 1) as SeqNum,
            ghost: false,
          };
          from = end;
        }
      }
    }
    yield* this.#ghostSpans(told, ghost, Number.POSITIVE_INFINITY);
  }

  *#ghostSpans(told: UidSet, first: number, below: number): Generator<Span> {
    for (let i = first; i < this.#ghosts.length && this.#ghosts[i]!.uid < below; i++) {
      const { uid, chunk, index } = this.#ghosts[i]!;
      if (!told.has(uid)) continue;
      const firstSeq = this.#ghostSeqs[i] as SeqNum;
      yield { chunk, from: index, to: index + 1, firstSeq, ghost: true };
    }
  }
}
