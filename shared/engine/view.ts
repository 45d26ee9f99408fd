import type { ModSeq, SeqNum, Uid } from '../ids.ts';
import { type Mailbox, presentUids } from './mailbox.ts';
import { type Chunk, lastUid, lowerBound, restChunk, runs } from './rows.ts';
import { UidCollector, UidSet } from './uid-set.ts';
import { alongside } from './version-pairs.ts';

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

interface Ghost {
  readonly uid: number;
  readonly chunk: Chunk;
  readonly index: number;
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
  /** Rows before each chunk, for the current version. */
  #offsets: Uint32Array;
  #toldExists: number;

  constructor(mailbox: Mailbox) {
    this.#mailbox = mailbox;
    this.#toldUidNext = mailbox.uidNext;
    this.#offsets = offsetsOf(mailbox.chunks);
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
    this.#offsets = offsetsOf(newer.chunks);
    if (difference.flagged.size > 0) this.#flagged = this.#flagged.union(difference.flagged);
    if (difference.gone.length > 0) {
      if (this.#ghosts.length === 0) this.#ghostLimit = older.highestModSeq;
      this.#ghosts = mergeGhosts(this.#ghosts, difference.gone);
      this.#flagged = this.#flagged.subtract(UidSet.of(difference.gone.map((g) => g.uid)));
    }
    if (this.#ghosts.length > 0) this.#ghostSeqs = this.#ghosts.map((g, i) => this.#liveBelow(g.uid) + i + 1);
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

  /** Live rows with a UID below `uid`. */
  #liveBelow(uid: number): number {
    const chunks = this.#mailbox.chunks;
    const at = chunkFrom(chunks, uid);
    const chunk = chunks[at];
    return chunk === undefined ? (this.#offsets[at] as number) : this.#offsets[at]! + lowerBound(chunk, uid);
  }

  #ghostsBelow(uid: number): number {
    let low = 0;
    let high = this.#ghosts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#ghosts[middle]!.uid < uid) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The number of a message, or undefined where the client does not know it. */
  seqOf(uid: number): SeqNum | undefined {
    if (uid >= this.#toldUidNext || uid < 1) return undefined;
    const ghosts = this.#ghostsBelow(uid);
    const seq = (this.#liveBelow(uid) + ghosts + 1) as SeqNum;
    if (this.#ghosts[ghosts]?.uid === uid) return seq;
    const chunk = this.#mailbox.chunks[chunkFrom(this.#mailbox.chunks, uid)];
    if (chunk === undefined) return undefined;
    return chunk.fixed.uid[lowerBound(chunk, uid)] === uid ? seq : undefined;
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
    return this.#liveUid(seq - 1 - low);
  }

  #liveUid(index: number): Uid {
    let low = 0;
    let high = this.#mailbox.chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#offsets[middle]! <= index) low = middle;
      else high = middle - 1;
    }
    return this.#mailbox.chunks[low]!.fixed.uid[index - this.#offsets[low]!]! as Uid;
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
          ghost = this.#ghostsBelow(chunk.fixed.uid[from]!);
          const nextGhost = this.#ghosts[ghost]?.uid ?? Number.POSITIVE_INFINITY;
          let end = to;
          if (chunk.fixed.uid[to - 1]! > nextGhost) end = Math.min(to, lowerBound(chunk, nextGhost));
          yield {
            chunk,
            from,
            to: end,
            firstSeq: (this.#offsets[c]! + from + ghost + 1) as SeqNum,
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

/** Of the chunks of a version, which all its sessions share. */
const knownOffsets = new WeakMap<readonly Chunk[], Uint32Array>();

/** Rows before each chunk, and at the end all rows. */
function offsetsOf(chunks: readonly Chunk[]): Uint32Array {
  let offsets = knownOffsets.get(chunks);
  if (offsets === undefined) knownOffsets.set(chunks, (offsets = countOffsets(chunks)));
  return offsets;
}

function countOffsets(chunks: readonly Chunk[]): Uint32Array {
  const offsets = new Uint32Array(chunks.length + 1);
  for (let i = 0; i < chunks.length; i++) offsets[i + 1] = offsets[i]! + chunks[i]!.length;
  return offsets;
}

/** Index of the first chunk that ends at or after `uid`. */
function chunkFrom(chunks: readonly Chunk[], uid: number): number {
  let low = 0;
  let high = chunks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (lastUid(chunks[middle]!) < uid) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Rows below `below` that are gone from, or have another mod-sequence in, the newer chunks. Shared chunks cost nothing. */
function differenceOf(older: readonly Chunk[], newer: readonly Chunk[], below: number) {
  const gone: Ghost[] = [];
  const changed = new UidCollector();
  for (const { chunk, end, match } of alongside(older, newer, below)) {
    const { uid } = chunk.fixed;
    const { modSeq } = chunk.marks;
    if (match.kind === 'sameRows') {
      const now = match.chunk.marks.modSeq;
      for (let i = 0; i < end; i++) if (now[i] !== modSeq[i]) changed.addRows(uid, i, i + 1);
    } else
      for (let i = 0; i < end; i++) {
        const place = match.find(uid[i]!);
        if (place === undefined) gone.push({ uid: uid[i]!, chunk, index: i });
        else if (place.chunk.marks.modSeq[place.row] !== modSeq[i]) changed.addRows(uid, i, i + 1);
      }
  }
  return { gone, flagged: changed.set };
}

function mergeGhosts(a: readonly Ghost[], b: readonly Ghost[]): Ghost[] {
  const merged: Ghost[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const fromA = j >= b.length || (i < a.length && a[i]!.uid < b[j]!.uid);
    merged.push(fromA ? a[i++]! : b[j++]!);
  }
  return merged;
}
