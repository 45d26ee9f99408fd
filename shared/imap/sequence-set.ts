/** '*' in a set: whatever number is the largest in use. */
export const star = Number.POSITIVE_INFINITY;

/** The largest UID or sequence number there can be (RFC 9051 §9 nz-number). */
export const maxNumber = 0xffff_ffff;

/** Both ends included, `first <= last`; `last` (or both) may be `star`. "*:5" has become 5:*. */
export interface NumberRange {
  readonly first: number;
  readonly last: number;
}

/** RFC 9051 §9 sequence-set: ranges in the order sent, or '$', the result saved by SEARCH RETURN (SAVE). */
export type SequenceSet =
  | { readonly kind: 'ranges'; readonly ranges: readonly NumberRange[] }
  | { readonly kind: 'saved' };

const saved: SequenceSet = { kind: 'saved' };

/** What `scanSequenceSet` read, and the offset after it. */
export interface ScannedSet {
  readonly set: SequenceSet;
  readonly end: number;
}

/**
 * Reads the longest sequence-set at `from`; undefined where there is none, a number is 0 or above 2^32-1, or there are
 * more than `maxRanges` ranges.
 */
export function scanSequenceSet(bytes: Uint8Array, from: number, maxRanges: number): ScannedSet | undefined {
  if (bytes[from] === 0x24) return { set: saved, end: from + 1 };
  const ranges: NumberRange[] = [];
  let at = from;
  /** A seq-number at `at`, which moves past it; 0 where there is none. */
  const number = (): number => {
    if (bytes[at] === 0x2a) {
      at++;
      return star;
    }
    let value = 0;
    const start = at;
    for (let digit = (bytes[at] ?? 0) - 48; digit >= 0 && digit <= 9; digit = (bytes[++at] ?? 0) - 48)
      value = value > maxNumber ? value : value * 10 + digit;
    return at === start || value > maxNumber ? 0 : value;
  };
  for (;;) {
    const a = number();
    if (a === 0 || ranges.length === maxRanges) return undefined;
    let b = a;
    if (bytes[at] === 0x3a) {
      at++;
      b = number();
      if (b === 0) return undefined;
    }
    ranges.push(a <= b ? { first: a, last: b } : { first: b, last: a });
    if (bytes[at] !== 0x2c) return { set: { kind: 'ranges', ranges }, end: at };
    at++;
  }
}

/** The set that `text` is, all of it; undefined where it is none. */
export function parseSequenceSet(text: string, maxRanges = 100_000): SequenceSet | undefined {
  const bytes = Buffer.from(text, 'latin1');
  const scanned = scanSequenceSet(bytes, 0, maxRanges);
  return scanned?.end === bytes.length ? scanned.set : undefined;
}

const printNumber = (n: number): string => (n === star ? '*' : String(n));

/** RFC 9051 §9 sequence-set of ranges in the order given; '' for none. */
export function printRanges(ranges: readonly NumberRange[]): string {
  return ranges
    .map(({ first, last }) =>
      first === last ? printNumber(first) : `${printNumber(first)}:${printNumber(last)}`,
    )
    .join(',');
}

export const printSequenceSet = (set: SequenceSet): string =>
  set.kind === 'saved' ? '$' : printRanges(set.ranges);

/**
 * Ranges without `star`, ascending, disjoint and not touching: what they mean when `largest` is the largest number in
 * use. Nothing is cut at `largest` except that a range that ends in '*' always contains it (RFC 9051 §9: 4:* where the
 * largest is 3 is 3:4, the number 3 among them). With nothing in use (`largest` 0) '*' means nothing.
 */
export function resolveRanges(ranges: readonly NumberRange[], largest: number): NumberRange[] {
  const finite: NumberRange[] = [];
  for (const { first, last } of ranges) {
    if (last !== star) finite.push({ first, last });
    else if (largest > 0)
      finite.push(
        first > largest
          ? { first: largest, last: first === star ? largest : first }
          : { first, last: largest },
      );
  }
  return mergeRanges(finite);
}

/** The same numbers as ranges that ascend and neither overlap nor touch. */
export function mergeRanges(ranges: readonly NumberRange[]): NumberRange[] {
  const sorted = isAscending(ranges) ? ranges : ranges.toSorted((a, b) => a.first - b.first);
  const merged: { first: number; last: number }[] = [];
  let open: { first: number; last: number } | undefined;
  for (const { first, last } of sorted) {
    if (open && first <= open.last + 1) open.last = Math.max(open.last, last);
    else merged.push((open = { first, last }));
  }
  return merged;
}

function isAscending(ranges: readonly NumberRange[]): boolean {
  for (let i = 1; i < ranges.length; i++) if (ranges[i]!.first < ranges[i - 1]!.first) return false;
  return true;
}

/** Numbers as ranges that hold them in the same order: the fewest there are where they ascend. */
export function rangesOf(numbers: Iterable<number>): NumberRange[] {
  const ranges: { first: number; last: number }[] = [];
  let open: { first: number; last: number } | undefined;
  for (const n of numbers) {
    if (open && n === open.last + 1) open.last = n;
    else ranges.push((open = { first: n, last: n }));
  }
  return ranges;
}

/** How many numbers the ranges hold; they must be disjoint and without `star`. */
export function countOf(ranges: readonly NumberRange[]): number {
  let count = 0;
  for (const { first, last } of ranges) count += last - first + 1;
  return count;
}
