import type { ModSeq } from '../ids.ts';
import { NewerRules } from './apply.ts';
import { BinaryReader, BinaryWriter } from './binary.ts';
import { FixedColumns, flagColumn, MarkColumns, modSeqColumn } from './chunk-columns.ts';
import { type ColumnKind, compress, decompress, readColumn, writeColumn } from './columns.ts';
import type { FlagTable } from './flag-table.ts';
import { worked } from './pace.ts';
import type { ChangedMarks, RowDelta } from './row-delta.ts';
import { type Chunk, chunkRows } from './rows.ts';
import { UidSet } from './uid-set.ts';

/** The layout of sections of rows. */
const formatVersion = 1;

/** Rows that are packed, and unpacked, together: sessions have their turn between columns. */
const blockRows = 32 * chunkRows;

/** A section of a mailbox's rows as bytes: what it removes and changes in older ones, then its own rows in blocks of columns. */
export async function encodeRowSection(delta: RowDelta): Promise<Uint8Array> {
  const head = new BinaryWriter();
  head.varint(delta.uidFrom);
  delta.removed.write(head);
  head.varint(delta.changed.uid.length);
  const out = new BinaryWriter(1024);
  out.byte(formatVersion);
  out.bytes(await compress(head.take()));
  for (let from = 0; from < delta.changed.uid.length; from += blockRows)
    out.bytes(await encodeMarks(delta.changed, from));
  for (const rows of blocksOf(delta.appended)) out.bytes(await encodeBlock(rows));
  return out.take();
}

async function encodeMarks({ uid, flags, modSeq }: ChangedMarks, from: number): Promise<Uint8Array> {
  const count = Math.min(blockRows, uid.length - from);
  const out = new BinaryWriter(count * 4 + 64);
  for (const [column, kind] of [
    [uid, 'ascending'],
    [flags, 'plain'],
    [modSeq, 'wandering'],
  ] as const) {
    writeColumn(out, count, (i) => column[from + i]!, kind);
    await worked(count);
  }
  return compress(out.take());
}

/** Chunks, in groups that hold a block's rows. */
function* blocksOf(chunks: readonly Chunk[]): Generator<readonly Chunk[]> {
  let block: Chunk[] = [];
  let rows = 0;
  for (const chunk of chunks) {
    if (rows + chunk.length > blockRows) {
      yield block;
      block = [];
      rows = 0;
    }
    block.push(chunk);
    rows += chunk.length;
  }
  if (rows > 0) yield block;
}

/** The columns of a block, in the order in which they stand. */
const blockColumns: readonly (readonly [(chunk: Chunk) => ArrayLike<number>, ColumnKind])[] = [
  [(chunk) => chunk.fixed.uid, 'ascending'],
  [(chunk) => chunk.fixed.message, 'wandering'],
  [(chunk) => chunk.fixed.internalDate, 'wandering'],
  [(chunk) => chunk.fixed.saveDate, 'wandering'],
  [(chunk) => chunk.fixed.size, 'plain'],
  [(chunk) => chunk.marks.flags, 'plain'],
  [(chunk) => chunk.marks.modSeq, 'wandering'],
];

async function encodeBlock(chunks: readonly Chunk[]): Promise<Uint8Array> {
  const count = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const out = new BinaryWriter(count * 12 + 64);
  out.varint(count);
  const numbers = new Float64Array(count);
  for (const [pick, kind] of blockColumns) {
    let at = 0;
    for (const chunk of chunks) {
      const column = pick(chunk);
      for (let i = 0; i < chunk.length; i++) numbers[at++] = column[i]!;
    }
    writeColumn(out, count, (i) => numbers[i]!, kind);
    await worked(count);
  }
  return compress(out.take());
}

/** @throws NewerRules where a newer release wrote it, CorruptData where the bytes are no section. */
export async function decodeRowSection(bytes: Uint8Array, flags: FlagTable): Promise<RowDelta> {
  const source = new BinaryReader(bytes);
  if (source.byte() !== formatVersion) throw new NewerRules('a section of rows');
  const head = new BinaryReader(await decompress(source.bytes()));
  const uidFrom = head.varint();
  const removed = UidSet.read(head);
  const count = head.varint();
  const changed = {
    uid: new Uint32Array(count),
    flags: new Uint32Array(count),
    modSeq: new Float64Array(count),
  };
  head.end();
  for (let from = 0; from < count; from += blockRows) {
    const block = new BinaryReader(await decompress(source.bytes()));
    const length = Math.min(blockRows, count - from);
    for (const [column, kind] of [
      [changed.uid, 'ascending'],
      [changed.flags, 'plain'],
      [changed.modSeq, 'wandering'],
    ] as const) {
      readColumn(block, length, kind, (i, value) => {
        column[from + i] = value;
      });
      await worked(length);
    }
    block.end();
  }
  const appended: Chunk[] = [];
  while (source.left > 0) {
    const block = new BinaryReader(await decompress(source.bytes()));
    appended.push(...(await decodeBlock(block, flags)));
    block.end();
  }
  return { uidFrom, removed, changed, appended };
}

async function decodeBlock(source: BinaryReader, table: FlagTable): Promise<Chunk[]> {
  const count = source.varint();
  const read = async <C extends { [i: number]: number }>(column: C, kind: ColumnKind): Promise<C> => {
    readColumn(source, count, kind, (i, value) => {
      column[i] = value;
    });
    await worked(count);
    return column;
  };
  const uid = await read(new Uint32Array(count), 'ascending');
  const message = await read(new Uint32Array(count), 'wandering');
  const internalDate = await read(new Uint32Array(count), 'wandering');
  const saveDate = await read(new Uint32Array(count), 'wandering');
  const size = await read(new Uint32Array(count), 'plain');
  const flags = await read(flagColumn(count, table.size), 'plain');
  const exact = await read(new Float64Array(count), 'wandering');
  const modSeq = modSeqColumn(
    count,
    exact.reduce((a, b) => Math.max(a, b), 0),
  );
  modSeq.set(exact);
  const chunks: Chunk[] = [];
  for (let from = 0; from < count; from += chunkRows) {
    const to = Math.min(count, from + chunkRows);
    let unseen = 0;
    let maxModSeq = 0;
    for (let i = from; i < to; i++) {
      if (!table.set(flags[i]!).seen) unseen++;
      if (modSeq[i]! > maxModSeq) maxModSeq = modSeq[i]!;
    }
    chunks.push({
      length: to - from,
      // `used` equals the length of the columns: the first append to such a chunk copies it.
      fixed: new FixedColumns(
        {
          uid: uid.subarray(from, to),
          size: size.subarray(from, to),
          internalDate: internalDate.subarray(from, to),
          saveDate: saveDate.subarray(from, to),
          message: message.subarray(from, to),
        },
        to - from,
      ),
      marks: new MarkColumns(
        { flags: flags.subarray(from, to), modSeq: modSeq.subarray(from, to) },
        to - from,
      ),
      unseen,
      maxModSeq: maxModSeq as ModSeq,
    });
  }
  return chunks;
}
