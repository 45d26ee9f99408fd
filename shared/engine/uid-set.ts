import type { Uid } from '../ids.ts';
import { BinaryReader, BinaryWriter, CorruptData } from './binary.ts';

/** An immutable set of UIDs as ascending, disjoint, non-adjacent inclusive ranges: [first, last, first, last, …]. */
export class UidSet {
  static readonly empty = new UidSet([]);
  readonly bounds: readonly number[];
  readonly size: number;

  private constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    let size = 0;
    for (let i = 0; i < bounds.length; i += 2) size += bounds[i + 1]! - bounds[i]! + 1;
    this.size = size;
  }

  /** UIDs in ascending order; repeats are allowed. */
  static of(sorted: Iterable<number>): UidSet {
    const bounds: number[] = [];
    for (const uid of sorted) addRange(bounds, uid, uid);
    return bounds.length === 0 ? UidSet.empty : new UidSet(bounds);
  }

  /** What was collected. */
  static collected(bounds: readonly number[]): UidSet {
    return bounds.length === 0 ? UidSet.empty : new UidSet(bounds);
  }

  /** Inclusive ranges in any order, overlaps allowed; a reversed range is turned round. */
  static ofRanges(ranges: Iterable<readonly [number, number]>): UidSet {
    const sorted = Array.from(ranges, ([a, b]) => (a <= b ? ([a, b] as const) : ([b, a] as const)));
    sorted.sort((x, y) => x[0] - y[0]);
    const bounds: number[] = [];
    for (const [first, last] of sorted) addRange(bounds, first, last);
    return bounds.length === 0 ? UidSet.empty : new UidSet(bounds);
  }

  /** All UIDs of some sets; costs the ranges' number times the logarithm of the sets'. */
  static unionOf(sets: readonly UidSet[]): UidSet {
    if (sets.length <= 2) return sets.reduce((all, set) => all.union(set), UidSet.empty);
    const middle = sets.length >> 1;
    return UidSet.unionOf(sets.slice(0, middle)).union(UidSet.unionOf(sets.slice(middle)));
  }

  has(uid: number): boolean {
    const at = this.#rangeAt(uid);
    return at < this.bounds.length && this.bounds[at]! <= uid;
  }

  /** Index into `bounds` of the first range that ends at or after `uid`. */
  #rangeAt(uid: number): number {
    let low = 0;
    let high = this.bounds.length / 2;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.bounds[middle * 2 + 1]! < uid) low = middle + 1;
      else high = middle;
    }
    return low * 2;
  }

  /** The ranges that touch [first, last], cut to it. */
  *within(first: number, last: number): Generator<readonly [number, number]> {
    for (let i = this.#rangeAt(first); i < this.bounds.length; i += 2) {
      if (this.bounds[i]! > last) return;
      yield [Math.max(first, this.bounds[i]!), Math.min(last, this.bounds[i + 1]!)];
    }
  }

  *ranges(): Generator<readonly [number, number]> {
    for (let i = 0; i < this.bounds.length; i += 2) yield [this.bounds[i]!, this.bounds[i + 1]!];
  }

  *[Symbol.iterator](): Generator<Uid> {
    for (const [first, last] of this.ranges()) for (let uid = first; uid <= last; uid++) yield uid as Uid;
  }

  get first(): number | undefined {
    return this.bounds[0];
  }

  get last(): number | undefined {
    return this.bounds.at(-1);
  }

  union(other: UidSet): UidSet {
    if (other.size === 0) return this;
    if (this.size === 0) return other;
    const bounds: number[] = [];
    let i = 0;
    let j = 0;
    while (i < this.bounds.length || j < other.bounds.length) {
      const mine = this.bounds[i] ?? Number.POSITIVE_INFINITY;
      const theirs = other.bounds[j] ?? Number.POSITIVE_INFINITY;
      if (mine <= theirs) {
        addRange(bounds, mine, this.bounds[i + 1]!);
        i += 2;
      } else {
        addRange(bounds, theirs, other.bounds[j + 1]!);
        j += 2;
      }
    }
    return new UidSet(bounds);
  }

  intersect(other: UidSet): UidSet {
    const bounds: number[] = [];
    for (const [first, last] of this.ranges())
      for (const [a, b] of other.within(first, last)) addRange(bounds, a, b);
    return new UidSet(bounds);
  }

  subtract(other: UidSet): UidSet {
    if (other.size === 0 || this.size === 0) return this;
    const bounds: number[] = [];
    for (const [first, last] of this.ranges()) {
      let from = first;
      for (const [a, b] of other.within(first, last)) {
        if (a > from) addRange(bounds, from, a - 1);
        from = b + 1;
      }
      if (from <= last) addRange(bounds, from, last);
    }
    return new UidSet(bounds);
  }

  /** RFC 9051 sequence-set syntax: `1:3,7`. Empty for the empty set. */
  toString(): string {
    return Array.from(this.ranges(), ([a, b]) => (a === b ? `${a}` : `${a}:${b}`)).join(',');
  }

  /** The smaller of ranges and per-block bitmaps: a fragmented set costs an eighth of a byte a message. */
  write(out: BinaryWriter): void {
    const ranges = new BinaryWriter();
    let previous = 0;
    for (const bound of this.bounds) {
      ranges.varint(bound - previous);
      previous = bound;
    }
    const blocks = ranges.length > 256 ? encodeBlocks(this) : undefined;
    if (blocks !== undefined && blocks.length < ranges.length) {
      out.byte(1);
      out.bytes(blocks.take());
    } else {
      out.byte(0);
      out.bytes(ranges.take());
    }
  }

  static read(source: BinaryReader): UidSet {
    const form = source.byte();
    const body = new BinaryReader(source.bytes());
    if (form === 1) return decodeBlocks(body);
    if (form !== 0) throw new CorruptData(`UID set form ${form}`);
    const bounds: number[] = [];
    let bound = 0;
    while (body.left > 0) {
      bound += body.varint();
      bounds.push(bound);
    }
    if (bounds.length % 2 !== 0) throw new CorruptData('half a UID range');
    return new UidSet(bounds);
  }
}

/** Takes UIDs in ascending order, many at a time: a run without gaps costs the same as one of them. */
export class UidCollector {
  readonly #bounds: number[] = [];

  /** Places `[from, to)` of a column of ascending UIDs. */
  addRows(uids: ArrayLike<number>, from: number, to: number): void {
    if (from >= to) return;
    const [first, last] = [uids[from]!, uids[to - 1]!];
    if (last - first === to - from - 1) addRange(this.#bounds, first, last);
    else for (let i = from; i < to; i++) addRange(this.#bounds, uids[i]!, uids[i]!);
  }

  /** The set; nothing is added after. */
  get set(): UidSet {
    return UidSet.collected(this.#bounds);
  }
}

/** Adds a range that starts at or after the start of the last one. */
function addRange(bounds: number[], first: number, last: number): void {
  const end = bounds.length - 1;
  if (end > 0 && first <= bounds[end]! + 1) bounds[end] = Math.max(bounds[end]!, last);
  else bounds.push(first, last);
}

const blockUids = 4096;
const blockBytes = blockUids / 8;

function encodeBlocks(set: UidSet): BinaryWriter {
  const out = new BinaryWriter();
  let previous = -1;
  let bitmap: Uint8Array | undefined;
  const flush = () => bitmap !== undefined && out.raw(bitmap);
  for (const uid of set) {
    const block = Math.floor(uid / blockUids);
    if (block !== previous) {
      flush();
      out.varint(block - previous - 1);
      bitmap = new Uint8Array(blockBytes);
      previous = block;
    }
    const bit = uid % blockUids;
    bitmap![bit >> 3] = bitmap![bit >> 3]! | (1 << (bit & 7));
  }
  flush();
  return out;
}

function decodeBlocks(source: BinaryReader): UidSet {
  function* uids() {
    let block = -1;
    while (source.left > 0) {
      block += source.varint() + 1;
      const bitmap = source.raw(blockBytes);
      for (let bit = 0; bit < blockUids; bit++)
        if (bitmap[bit >> 3]! & (1 << (bit & 7))) yield block * blockUids + bit;
    }
  }
  return UidSet.of(uids());
}
