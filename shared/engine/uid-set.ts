import type { Uid } from '../ids.ts';
import type { BinaryReader, BinaryWriter } from './binary.ts';
import { readUidBounds, writeUidBounds } from './uid-set-codec.ts';

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
    const at = this.rangeAt(uid);
    return at < this.bounds.length && this.bounds[at]! <= uid;
  }

  /** Where in `bounds` the first range begins that ends at or after `uid`. */
  rangeAt(uid: number): number {
    let low = 0;
    let high = this.bounds.length / 2;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.bounds[middle * 2 + 1]! < uid) low = middle + 1;
      else high = middle;
    }
    return low * 2;
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
    this.#meet(other, (first, last) => addRange(bounds, first, last));
    return UidSet.collected(bounds);
  }

  subtract(other: UidSet): UidSet {
    if (other.size === 0 || this.size === 0) return this;
    const bounds: number[] = [];
    let i = 0;
    let from = this.bounds[0]!;
    /** What is left of the ranges that begin before `until`. */
    const keep = (until: number): void => {
      while (i < this.bounds.length && this.bounds[i + 1]! < until) {
        if (from <= this.bounds[i + 1]!) addRange(bounds, from, this.bounds[i + 1]!);
        i += 2;
        from = this.bounds[i]!;
      }
      if (i < this.bounds.length && from < until) addRange(bounds, from, until - 1);
    };
    this.#meet(other, (first, last) => {
      keep(first);
      from = last + 1;
    });
    keep(Number.POSITIVE_INFINITY);
    return UidSet.collected(bounds);
  }

  /** Ranges that both sets have, ascending; the one with fewer ranges is gone through, and in the other what lies between is skipped. */
  #meet(other: UidSet, take: (first: number, last: number) => void): void {
    const [a, b] = this.bounds.length <= other.bounds.length ? [this, other] : [other, this];
    let j = 0;
    for (let i = 0; i < a.bounds.length; i += 2) {
      const [first, last] = [a.bounds[i]!, a.bounds[i + 1]!];
      // The next one is near, mostly.
      for (let steps = 0; j < b.bounds.length && b.bounds[j + 1]! < first; j += 2)
        if (++steps > 8) {
          j = b.rangeAt(first);
          break;
        }
      for (; j < b.bounds.length && b.bounds[j]! <= last; j += 2) {
        take(Math.max(first, b.bounds[j]!), Math.min(last, b.bounds[j + 1]!));
        // It may reach into the next one.
        if (b.bounds[j + 1]! > last) break;
      }
    }
  }

  /** RFC 9051 sequence-set syntax: `1:3,7`. Empty for the empty set. */
  toString(): string {
    return Array.from(this.ranges(), ([a, b]) => (a === b ? `${a}` : `${a}:${b}`)).join(',');
  }

  /** See uid-set-codec.ts. */
  write(out: BinaryWriter): void {
    writeUidBounds(out, this.bounds);
  }

  static read(source: BinaryReader): UidSet {
    return UidSet.collected(readUidBounds(source));
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
