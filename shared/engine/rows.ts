import type { ModSeq } from '../ids.ts';
import { FixedColumns, MarkColumns } from './chunk-columns.ts';
import type { FlagTable } from './flag-table.ts';
import type { UidSet } from './uid-set.ts';

/** Most messages a chunk holds. */
export const chunkRows = 512;

/**
 * Up to 512 messages of a mailbox in ascending order of UID, as columns. Immutable to its readers: only rows below `length` are
 * its own. The newest version appends in place behind them, any other copies.
 */
export interface Chunk {
  readonly length: number;
  readonly fixed: FixedColumns;
  readonly marks: MarkColumns;
  readonly unseen: number;
  readonly maxModSeq: ModSeq;
}

export interface Row {
  readonly uid: number;
  readonly size: number;
  readonly internalDate: number;
  readonly saveDate: number;
  readonly message: number;
  readonly flags: number;
  readonly modSeq: number;
}

export const rowAt = ({ fixed, marks }: Chunk, i: number): Row => ({
  uid: fixed.uid[i]!,
  size: fixed.size[i]!,
  internalDate: fixed.internalDate[i]!,
  saveDate: fixed.saveDate[i]!,
  message: fixed.message[i]!,
  flags: marks.flags[i]!,
  modSeq: marks.modSeq[i]!,
});

/** Puts a row in its place. */
export function writeRow(fixed: FixedColumns, marks: MarkColumns, i: number, row: Row): void {
  fixed.uid[i] = row.uid;
  fixed.size[i] = row.size;
  fixed.internalDate[i] = row.internalDate;
  fixed.saveDate[i] = row.saveDate;
  fixed.message[i] = row.message;
  marks.flags[i] = row.flags;
  marks.modSeq[i] = row.modSeq;
}

/** A chunk of rows in ascending order of UID; at most `chunkRows` of them. */
export function chunkOf(rows: readonly Row[], flags: FlagTable): Chunk {
  const maxModSeq = rows.reduce((highest, row) => Math.max(highest, row.modSeq), 0);
  const fixed = FixedColumns.ofCapacity(rows.length);
  const marks = MarkColumns.ofCapacity(rows.length, flags.size, maxModSeq);
  let unseen = 0;
  rows.forEach((row, i) => {
    writeRow(fixed, marks, i, row);
    if (!flags.set(row.flags).seen) unseen++;
  });
  fixed.used = marks.used = rows.length;
  return { length: rows.length, fixed, marks, unseen, maxModSeq: maxModSeq as ModSeq };
}

/** Index of the first row whose UID is at or above `uid`. */
export function lowerBound(chunk: Chunk, uid: number): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (chunk.fixed.uid[middle]! < uid) low = middle + 1;
    else high = middle;
  }
  return low;
}

export const firstUid = (chunk: Chunk): number => chunk.fixed.uidAt(0);
export const lastUid = (chunk: Chunk): number => chunk.fixed.uidAt(chunk.length - 1);

/** Runs `[from, to)` of a chunk's rows that are in a set. */
export function runs(chunk: Chunk, set: UidSet): readonly (readonly [number, number])[] {
  const found: (readonly [number, number])[] = [];
  const { length } = chunk;
  const [first, last] = [firstUid(chunk), lastUid(chunk)];
  const { bounds } = set;
  let range = set.rangeAt(first);
  // Asked of a chunk at rest: whether the whole of it is in the set is known without a look at it.
  if (range < bounds.length && bounds[range]! <= first && bounds[range + 1]! >= last) return [[0, length]];
  if (range >= bounds.length || bounds[range]! > last) return found;
  const { uid } = chunk.fixed;
  let row = 0;
  for (; range < bounds.length && bounds[range]! <= last; range += 2) {
    const from = seek(uid, row, length, bounds[range]!);
    row = seek(uid, from, length, bounds[range + 1]! + 1);
    if (from < row) found.push([from, row]);
  }
  return found;
}

/** The first place from `from` on at which there is `value` or more: near, mostly. */
function seek(sorted: ArrayLike<number>, from: number, length: number, value: number): number {
  let low = from;
  for (let step = 1; low < length && sorted[low]! < value; step *= 2) {
    const next = low + step;
    if (next < length && sorted[next]! < value) low = next;
    else {
      // It is between the two.
      let high = Math.min(length, next);
      low++;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (sorted[middle]! < value) low = middle + 1;
        else high = middle;
      }
      return low;
    }
  }
  return low;
}

/** How many rows of a set there are. */
export function countIn(chunks: readonly Chunk[], set: UidSet): number {
  let count = 0;
  for (const chunk of chunks) for (const [from, to] of runs(chunk, set)) count += to - from;
  return count;
}

export function* rowsOf(chunks: readonly Chunk[]): Generator<Row> {
  for (const chunk of chunks) for (let i = 0; i < chunk.length; i++) yield rowAt(chunk, i);
}

/** The rows of a set, in ascending order of UID. */
export function* selectRows(chunks: readonly Chunk[], set: UidSet): Generator<Row> {
  for (const chunk of chunks)
    for (const [from, to] of runs(chunk, set)) for (let i = from; i < to; i++) yield rowAt(chunk, i);
}

/** Packs a chunk, and with it all versions that share its columns, until somebody looks at it. */
export function restChunk({ fixed, marks }: Chunk): void {
  fixed.rest();
  marks.rest();
}

/** Bytes that chunks hold. */
export const chunkBytes = (chunks: readonly Chunk[]): number =>
  chunks.reduce((sum, { fixed, marks }) => sum + fixed.bytes + marks.bytes, 0);
