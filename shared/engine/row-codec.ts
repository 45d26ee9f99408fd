import type { ModSeq } from '../ids.ts';
import type { BinaryReader, BinaryWriter } from './binary.ts';
import type { FlagTable } from './flag-table.ts';
import { type Chunk, chunkRows, runs } from './rows.ts';
import type { UidSet } from './uid-set.ts';

/**
 * Rows as columns: UID, message number and the two dates as differences to the row before, so that runs compress to almost
 * nothing, and a whole column is read with one copy.
 */
export function encodeRows(out: BinaryWriter, chunks: readonly Chunk[], only?: UidSet): void {
  const spans: { readonly chunk: Chunk; readonly from: number; readonly to: number }[] = [];
  let count = 0;
  for (const chunk of chunks) {
    const wanted = only === undefined ? [[0, chunk.length] as const] : runs(chunk, only);
    for (const [from, to] of wanted) {
      spans.push({ chunk, from, to });
      count += to - from;
    }
  }
  out.varint(count);
  if (count === 0) return;
  const plain = <C extends Uint32Array | Float64Array>(column: C, pick: (chunk: Chunk) => C): C => {
    let at = 0;
    for (const { chunk, from, to } of spans) {
      column.set(pick(chunk).subarray(from, to), at);
      at += to - from;
    }
    return column;
  };
  const write = (column: Uint32Array | Float64Array) => out.raw(new Uint8Array(column.buffer));
  const differences = (pick: (chunk: Chunk) => Uint32Array) => {
    const column = plain(new Uint32Array(count), pick);
    for (let i = count - 1; i > 0; i--) column[i] = column[i]! - column[i - 1]!;
    write(column);
  };
  differences((c) => c.fixed.uid);
  differences((c) => c.fixed.message);
  differences((c) => c.fixed.internalDate);
  differences((c) => c.fixed.saveDate);
  write(plain(new Uint32Array(count), (c) => c.fixed.size));
  write(plain(new Uint32Array(count), (c) => c.marks.flags));
  write(plain(new Float64Array(count), (c) => c.marks.modSeq));
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
