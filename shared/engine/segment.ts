import { promisify } from 'node:util';
import { zstdCompress, zstdDecompressSync } from 'node:zlib';
import type { BlobKey } from '../ids.ts';
import { uncompressedRecord } from '../message/record-codec.ts';
import { BinaryReader, BinaryWriter } from './binary.ts';
import type { TextRef } from './text-segments.ts';

/** Where the header records and email ids of settled messages are. Segments are in order of arrival and do not overlap. */
export interface SettledMessages {
  /** Messages 1 to `count` are settled; the numbers of purged ones are among them. */
  readonly count: number;
  readonly segments: readonly SegmentRef[];
  /** Signatures of their texts, from the first message on; the last ones may have none. */
  readonly texts: readonly TextRef[];
}

/** One object: frames of header records, then the messages' email ids as a column (email-id-codec.ts). */
export interface SegmentRef {
  readonly key: BlobKey;
  /** Number of its first message. */
  readonly first: number;
  readonly count: number;
  /** How many of them were there when it was written; the others' places are empty. */
  readonly live: number;
  /** Where the column of email ids begins: the end of the frames. */
  readonly ids: number;
  /** Size of the object. */
  readonly bytes: number;
  readonly frames: readonly FrameRef[];
}

/** A frame is read and unpacked as a whole; it holds about 64 KB of records. */
export interface FrameRef {
  /** Number of its first message. */
  readonly first: number;
  /** Byte offset in the object. */
  readonly offset: number;
}

/** Bytes of records in a frame, unpacked. */
export const frameTarget = 64 * 1024;

const compress = promisify(zstdCompress) as (bytes: Uint8Array) => Promise<Uint8Array>;

/** Where a frame ends. */
export const frameEnd = (segment: SegmentRef, frame: number): number =>
  segment.frames[frame + 1]?.offset ?? segment.ids;

/** Records of neighbouring messages as one frame; an empty one stands for a message that is gone. */
export function encodeFrame(records: readonly Uint8Array[]): Promise<Uint8Array> {
  const out = new BinaryWriter(frameTarget * 2);
  for (const record of records) out.bytes(record);
  return compress(out.take());
}

/** A record as it stands in a frame: the frame is packed as a whole. */
export const framedRecord = (record: Uint8Array): Uint8Array =>
  record.length === 0 ? record : uncompressedRecord(record);

/** Room for an ordinary frame, so that it comes out in one piece. */
const unpacking = { chunkSize: frameTarget + 8 * 1024 };

/** The records of a frame, in order. */
export function decodeFrame(bytes: Uint8Array): Uint8Array[] {
  const source = new BinaryReader(zstdDecompressSync(bytes, unpacking));
  const records: Uint8Array[] = [];
  while (source.left > 0) records.push(source.bytes());
  return records;
}

/** Puts a segment together, from frames that are packed already and from records. */
export class SegmentBuilder {
  readonly #first: number;
  readonly #frames: FrameRef[] = [];
  readonly #pieces: Uint8Array[] = [];
  readonly #ids: Uint8Array[] = [];
  #offset = 0;
  #count = 0;
  #live = 0;
  #young: Uint8Array[] = [];
  #youngBytes = 0;

  constructor(first: number) {
    this.#first = first;
  }

  /** Bytes so far. */
  get bytes(): number {
    return this.#offset + this.#youngBytes / 3;
  }

  /** Number of the message that would be next. */
  get next(): number {
    return this.#first + this.#count + this.#young.length;
  }

  /** Takes in a frame of `count` messages as it is. */
  async addFrame(packed: Uint8Array, count: number): Promise<void> {
    await this.#flush();
    this.#place(packed, count);
  }

  #place(packed: Uint8Array, count: number): void {
    this.#frames.push({ first: this.#first + this.#count, offset: this.#offset });
    this.#pieces.push(packed);
    this.#offset += packed.length;
    this.#count += count;
  }

  /** Takes in the record of the next message, as `framedRecord` makes it. */
  async addRecord(record: Uint8Array): Promise<void> {
    this.#young.push(record);
    this.#youngBytes += record.length + 2;
    if (this.#youngBytes >= frameTarget) await this.#flush();
  }

  /** Takes in packed email ids, in order; `live`: how many are not empty. */
  addIds(column: Uint8Array, live: number): void {
    this.#ids.push(column);
    this.#live += live;
  }

  async #flush(): Promise<void> {
    if (this.#young.length === 0) return;
    const young = this.#young;
    this.#young = [];
    this.#youngBytes = 0;
    this.#place(await encodeFrame(young), young.length);
  }

  async finish(key: BlobKey): Promise<{ readonly ref: SegmentRef; readonly bytes: Uint8Array }> {
    await this.#flush();
    const ids = this.#offset;
    const bytes = Buffer.concat([...this.#pieces, ...this.#ids]);
    const ref = {
      key,
      first: this.#first,
      count: this.#count,
      live: this.#live,
      ids,
      bytes: bytes.length,
      frames: this.#frames,
    };
    return { ref, bytes };
  }
}
