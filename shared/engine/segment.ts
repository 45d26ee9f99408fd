import { promisify } from 'node:util';
import { zstdCompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { BlobKey, EmailId } from '../ids.ts';
import { uncompressedRecord } from '../message/record-codec.ts';
import { BinaryReader, BinaryWriter } from './binary.ts';

/** Where the header records of settled messages are. Segments are in order of arrival and do not overlap. */
export interface SettledMessages {
  /** Messages 1 to `count` are settled; the numbers of purged ones are among them. */
  readonly count: number;
  /** Object with the email ids of all of them. */
  readonly ids: BlobKey | undefined;
  readonly segments: readonly SegmentRef[];
}

export interface SegmentRef {
  readonly key: BlobKey;
  /** Number of its first message. */
  readonly first: number;
  readonly count: number;
  /** Size of the object. */
  readonly bytes: number;
  readonly frames: readonly FrameRef[];
}

/** A frame is read and unpacked as a whole; it holds about 64 KB of records. */
export interface FrameRef {
  readonly first: number;
  /** Byte offset in the object. */
  readonly offset: number;
}

const frameTarget = 64 * 1024;

const compress = promisify(zstdCompress) as (bytes: Uint8Array) => Promise<Uint8Array>;

/** Packs records of consecutive messages into one object's bytes; an empty one stands for a message that is gone. */
export async function encodeSegment(
  key: BlobKey,
  first: number,
  records: readonly Uint8Array[],
): Promise<{ readonly ref: SegmentRef; readonly bytes: Uint8Array }> {
  const frames: FrameRef[] = [];
  const pieces: Uint8Array[] = [];
  let offset = 0;
  let from = 0;
  while (from < records.length) {
    const out = new BinaryWriter(frameTarget * 2);
    const start = from;
    while (from < records.length && (from === start || out.length < frameTarget)) {
      const record = records[from++]!;
      out.bytes(record.length === 0 ? record : uncompressedRecord(record));
    }
    const packed = await compress(out.take());
    frames.push({ first: first + start, offset });
    pieces.push(packed);
    offset += packed.length;
  }
  return { ref: { key, first, count: records.length, bytes: offset, frames }, bytes: Buffer.concat(pieces) };
}

/** The records of a frame, in order. */
export function decodeFrame(bytes: Uint8Array): Uint8Array[] {
  const source = new BinaryReader(zstdDecompressSync(bytes));
  const records: Uint8Array[] = [];
  while (source.left > 0) records.push(source.bytes());
  return records;
}

/** Email ids with their message numbers, ascending. */
export function encodeIds(ids: ReadonlyMap<number, EmailId>): Uint8Array {
  const out = new BinaryWriter(ids.size * 28);
  let previous = 0;
  out.varint(ids.size);
  for (const [no, id] of ids) {
    out.varint(no - previous);
    out.raw(Buffer.from(id, 'latin1'));
    previous = no;
  }
  return zstdCompressSync(out.take());
}

export function decodeIds(bytes: Uint8Array): ReadonlyMap<number, EmailId> {
  const source = new BinaryReader(zstdDecompressSync(bytes));
  const ids = new Map<number, EmailId>();
  let no = 0;
  for (let left = source.varint(); left > 0; left--) {
    no += source.varint();
    ids.set(no, Buffer.from(source.raw(26)).toString('latin1') as EmailId);
  }
  source.end();
  return ids;
}
