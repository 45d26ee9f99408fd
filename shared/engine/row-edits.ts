import type { ModSeq } from '../ids.ts';
import { FixedColumns, MarkColumns } from './chunk-columns.ts';
import type { FlagTable } from './flag-table.ts';
import { type Chunk, chunkOf, chunkRows, type Row, rowAt, rowsOf, runs, writeRow } from './rows.ts';
import type { UidSet } from './uid-set.ts';

/** Appends rows with UIDs above all present ones. */
export function appendRows(chunks: readonly Chunk[], rows: Iterable<Row>, flags: FlagTable): Chunk[] {
  const result = chunks.slice();
  let batch: Row[] = [];
  const flush = () => {
    const last = result.at(-1);
    const room = last === undefined ? 0 : chunkRows - last.length;
    const fitting = Math.min(room, batch.length);
    if (last !== undefined && fitting > 0)
      result[result.length - 1] = extendChunk(last, batch.slice(0, fitting), flags);
    if (fitting < batch.length) result.push(chunkOf(batch.slice(fitting), flags));
    batch = [];
  };
  for (const row of rows) if (batch.push(row) === chunkRows) flush();
  if (batch.length > 0) flush();
  return result;
}

function extendChunk(chunk: Chunk, rows: readonly Row[], flags: FlagTable): Chunk {
  const length = chunk.length + rows.length;
  const capacity = Math.min(chunkRows, Math.max(8, length * 2));
  let { fixed, marks, unseen } = chunk;
  const maxModSeq = rows.reduce((highest, row) => Math.max(highest, row.modSeq), chunk.maxModSeq as number);
  if (fixed.used !== chunk.length || length > fixed.uid.length)
    fixed = copyFixed(fixed, chunk.length, capacity);
  if (marks.used !== chunk.length || length > marks.flags.length || !marks.fits(flags.size, maxModSeq))
    marks = marks.copy(chunk.length, capacity, flags.size, maxModSeq);
  rows.forEach((row, i) => {
    writeRow(fixed, marks, chunk.length + i, row);
    if (!flags.set(row.flags).seen) unseen++;
  });
  fixed.used = marks.used = length;
  return { length, fixed, marks, unseen, maxModSeq: maxModSeq as ModSeq };
}

function copyFixed(from: FixedColumns, length: number, capacity: number): FixedColumns {
  const to = FixedColumns.ofCapacity(capacity);
  for (const name of ['uid', 'size', 'internalDate', 'saveDate', 'message'] as const)
    to[name].set(from[name].subarray(0, length));
  to.used = length;
  return to;
}

/**
 * Takes the rows of a set out: what stays (small neighbours joined), and chunks that hold all that went: as they were where most of
 * them went, so that nothing is copied; else of those rows alone, so that little is kept alive.
 */
export function removeRows(
  chunks: readonly Chunk[],
  set: UidSet,
  flags: FlagTable,
): { readonly kept: Chunk[]; readonly gone: Chunk[] } {
  const kept: Chunk[] = [];
  const gone: Chunk[] = [];
  for (const chunk of chunks) {
    const going = [...runs(chunk, set)];
    if (going.length === 0) {
      kept.push(chunk);
      continue;
    }
    const count = going.reduce((sum, [from, to]) => sum + to - from, 0);
    if (count === chunk.length) {
      gone.push(chunk);
      continue;
    }
    const rows: Row[] = [];
    const left: Row[] = [];
    const few = count * 2 < chunk.length;
    let at = 0;
    for (const [from, to] of [...going, [chunk.length, chunk.length] as const]) {
      for (; at < from; at++) rows.push(rowAt(chunk, at));
      for (; few && at < to; at++) left.push(rowAt(chunk, at));
      at = to;
    }
    gone.push(few ? chunkOf(left, flags) : chunk);
    const before = kept.at(-1);
    if (before !== undefined && before.length + rows.length <= chunkRows / 2)
      kept[kept.length - 1] = chunkOf([...rowsOf([before]), ...rows], flags);
    else kept.push(chunkOf(rows, flags));
  }
  return { kept, gone };
}

/** The rows of a chunk from one on; shares its columns. */
export function chunkFrom(chunk: Chunk, from: number, flags: FlagTable): Chunk {
  if (from === 0) return chunk;
  const { length } = chunk;
  const { uid, size, internalDate, saveDate, message } = chunk.fixed;
  let unseen = 0;
  let maxModSeq = 0;
  for (let i = from; i < length; i++) {
    if (!flags.set(chunk.marks.flags[i]!).seen) unseen++;
    if (chunk.marks.modSeq[i]! > maxModSeq) maxModSeq = chunk.marks.modSeq[i]!;
  }
  return {
    length: length - from,
    fixed: new FixedColumns(
      {
        uid: uid.subarray(from, length),
        size: size.subarray(from, length),
        internalDate: internalDate.subarray(from, length),
        saveDate: saveDate.subarray(from, length),
        message: message.subarray(from, length),
      },
      length - from,
    ),
    marks: new MarkColumns(
      { flags: chunk.marks.flags.subarray(from, length), modSeq: chunk.marks.modSeq.subarray(from, length) },
      length - from,
    ),
    unseen,
    maxModSeq: maxModSeq as ModSeq,
  };
}

/** The chunk with other marks in some rows: their places, flags ids and mod-sequences. */
export function withMarks(
  chunk: Chunk,
  changes: () => Iterable<readonly [number, number, ModSeq]>,
  flags: FlagTable,
): Chunk {
  let highest: number = chunk.maxModSeq;
  for (const [, , modSeq] of changes()) if (modSeq > highest) highest = modSeq;
  const marks = chunk.marks.copy(chunk.length, chunk.length, flags.size, highest);
  let { unseen } = chunk;
  for (const [row, id, modSeq] of changes()) {
    unseen += (flags.set(id).seen ? 0 : 1) - (flags.set(marks.flags[row]!).seen ? 0 : 1);
    marks.flags[row] = id;
    marks.modSeq[row] = modSeq;
  }
  return { ...chunk, marks, unseen, maxModSeq: highest as ModSeq };
}
