import type { ModSeq } from '../ids.ts';
import type { BinaryReader, BinaryWriter } from './binary.ts';
import type { FlagTable } from './flag-table.ts';
import { type Chunk, chunkRows, type Row, rowsOf, selectRows } from './rows.ts';
import type { UidSet } from './uid-set.ts';

/**
 * Rows as columns: UID, message number and the two dates as differences to the row before, so that runs compress to almost
 * nothing, and a whole column is read with one copy.
 */
export function encodeRows(out: BinaryWriter, chunks: readonly Chunk[], only?: UidSet): void {
  const rows: Row[] = [...(only === undefined ? rowsOf(chunks) : selectRows(chunks, only))];
  const count = rows.length;
  out.varint(count);
  if (count === 0) return;
  const differences = (pick: (row: Row) => number) => {
    const column = new Uint32Array(count);
    let previous = 0;
    for (let i = 0; i < count; i++) {
      const value = pick(rows[i]!);
      column[i] = value - previous;
      previous = value;
    }
    out.raw(new Uint8Array(column.buffer));
  };
  differences((r) => r.uid);
  differences((r) => r.message);
  differences((r) => r.internalDate);
  differences((r) => r.saveDate);
  out.raw(new Uint8Array(Uint32Array.from(rows, (r) => r.size).buffer));
  out.raw(new Uint8Array(Uint32Array.from(rows, (r) => r.flags).buffer));
  out.raw(new Uint8Array(Float64Array.from(rows, (r) => r.modSeq).buffer));
}

export function decodeRows(source: BinaryReader, flags: FlagTable): Chunk[] {
  const count = source.varint();
  if (count === 0) return [];
  const whole = (bytesEach: number) => source.raw(count * bytesEach).slice().buffer;
  const sums = () => {
    const column = new Uint32Array(whole(4));
    for (let i = 1; i < count; i++) column[i] = column[i]! + column[i - 1]!;
    return column;
  };
  const [uid, message, internalDate, saveDate] = [sums(), sums(), sums(), sums()];
  const size = new Uint32Array(whole(4));
  const flagIds = new Uint32Array(whole(4));
  const modSeq = new Float64Array(whole(8));
  const chunks: Chunk[] = [];
  for (let from = 0; from < count; from += chunkRows) {
    const to = Math.min(count, from + chunkRows);
    let unseen = 0;
    let maxModSeq = 0;
    for (let i = from; i < to; i++) {
      if (!flags.set(flagIds[i]!).seen) unseen++;
      if (modSeq[i]! > maxModSeq) maxModSeq = modSeq[i]!;
    }
    chunks.push({
      length: to - from,
      // `used` equals the length of the columns: the first append to such a chunk copies it.
      fixed: {
        used: to - from,
        uid: uid.subarray(from, to),
        size: size.subarray(from, to),
        internalDate: internalDate.subarray(from, to),
        saveDate: saveDate.subarray(from, to),
        message: message.subarray(from, to),
      },
      marks: { used: to - from, flags: flagIds.subarray(from, to), modSeq: modSeq.subarray(from, to) },
      unseen,
      maxModSeq: maxModSeq as ModSeq,
    });
  }
  return chunks;
}
