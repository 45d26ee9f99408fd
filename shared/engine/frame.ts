import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompressSync } from 'node:zlib';
import { BinaryWriter, CorruptData } from './binary.ts';

/** A piece of a frame, not copied. */
export interface Slice {
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
}

/** Items of neighbouring messages, unpacked; one for each, an empty one for a message that is gone. */
export class Frame {
  readonly bytes: Buffer;
  /** Where each begins and ends, in turn. */
  readonly #bounds: readonly number[];

  constructor(bytes: Buffer, bounds: readonly number[]) {
    this.bytes = bytes;
    this.#bounds = bounds;
  }

  get count(): number {
    return this.#bounds.length / 2;
  }

  /** About what it takes in memory. */
  get weight(): number {
    return this.bytes.length + this.#bounds.length * 4 + 128;
  }

  /** Undefined past the end. */
  slice(i: number): Slice | undefined {
    const from = this.#bounds[2 * i];
    return from === undefined ? undefined : { bytes: this.bytes, from, to: this.#bounds[2 * i + 1]! };
  }

  /** Undefined past the end. */
  item(i: number): Uint8Array | undefined {
    const from = this.#bounds[2 * i];
    return from === undefined ? undefined : this.bytes.subarray(from, this.#bounds[2 * i + 1]);
  }
}

type Compress = (
  bytes: Uint8Array,
  options: { readonly params: Readonly<Record<number, number>> },
) => Promise<Uint8Array>;
const compress = promisify(zstdCompress) as Compress;
/** A tenth smaller than by default, and unpacked faster; it takes three times as long, off the event loop. */
const packing = { params: { [constants.ZSTD_c_compressionLevel]: 6 } };

/** Each item with its length before it, packed as a whole, off the event loop. */
export function encodeFrame(items: readonly Uint8Array[]): Promise<Uint8Array> {
  const out = new BinaryWriter(items.reduce((sum, { length }) => sum + length + 4, 0));
  for (const item of items) out.bytes(item);
  return compress(out.take(), packing);
}

/** Room for an ordinary frame of any column, so that it comes out in one piece. */
const unpacking = { chunkSize: 160 * 1024 };

export function decodeFrame(packed: Uint8Array): Frame {
  const bytes = zstdDecompressSync(packed, unpacking);
  const bounds: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    let size = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined || scale > 2 ** 35) throw new CorruptData('a frame ends early');
      size += (byte & 127) * scale;
      if (byte < 128) break;
    }
    if (size > bytes.length - at) throw new CorruptData('a frame ends early');
    bounds.push(at, at + size);
    at += size;
  }
  return new Frame(bytes, bounds);
}
