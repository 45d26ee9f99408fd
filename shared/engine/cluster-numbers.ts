import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { BlobKey } from '../ids.ts';
import type { ByteRange } from '../ports/blob-store.ts';
import { BinaryReader, BinaryWriter, CorruptData } from './binary.ts';
import type { FramePlace, ObjectCache } from './frame-reader.ts';
import type { Cluster, ClusterPart, Column } from './segment.ts';
import { lastAtOrBelow, placeIn } from './segment-places.ts';

/** Which messages the copies of a part are of: their numbers, ascending. */
export function encodeNumbers(numbers: readonly number[]): Uint8Array {
  const out = new BinaryWriter(numbers.length * 2 + 8);
  let before = 0;
  out.list(numbers, (no) => {
    out.varint(no - before);
    before = no;
  });
  return zstdCompressSync(out.take());
}

/** @throws CorruptData */
export function decodeNumbers(bytes: Uint8Array, count: number): Uint32Array {
  const source = new BinaryReader(zstdDecompressSync(bytes));
  let before = 0;
  const numbers = Uint32Array.from(source.list(() => (before += source.varint())));
  source.end();
  if (numbers.length !== count) throw new CorruptData(`${numbers.length} messages in a part of ${count}`);
  return numbers;
}

/** The place of a number among ascending ones; -1 where it is not among them. */
export function placeOf(numbers: Uint32Array, no: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle]! < no) low = middle + 1;
    else high = middle;
  }
  return numbers[low] === no ? low : -1;
}

/** A message's copy: its frame, and its place in the part. */
export interface CopyPlace {
  readonly place: FramePlace;
  readonly at: number;
}

/** Finds the copies of messages that a mailbox has together. The numbers of a part are read once, and kept in a cache. */
export class ClusterNumbers {
  readonly #cache: ObjectCache;
  readonly #read: (key: BlobKey, range: ByteRange) => Promise<Uint8Array>;

  constructor(cache: ObjectCache, read: (key: BlobKey, range: ByteRange) => Promise<Uint8Array>) {
    this.#cache = cache;
    this.#read = read;
  }

  /** One for each number; undefined where there is no copy that this release can use. */
  async copies(
    { parts }: Cluster,
    numbers: readonly number[],
    column: Column,
  ): Promise<readonly (CopyPlace | undefined)[]> {
    const partOf = (no: number): ClusterPart | undefined => {
      const part = parts[lastAtOrBelow(parts, no)];
      return part !== undefined && no <= part.last ? part : undefined;
    };
    const known = new Map<ClusterPart, Uint32Array>();
    for (const part of new Set(numbers.map(partOf)))
      if (part !== undefined) known.set(part, await this.numbersOf(part));
    let last: { readonly part: ClusterPart; readonly place: FramePlace } | undefined;
    return numbers.map((no) => {
      const part = partOf(no);
      const at = part === undefined ? -1 : placeOf(known.get(part)!, no);
      if (part === undefined || at < 0) return undefined;
      if (last?.part === part && at >= last.place.first && at < last.place.next)
        return { place: last.place, at };
      const place = placeIn(part.copies, at, column);
      if (place === undefined) return undefined;
      last = { part, place };
      return { place, at };
    });
  }

  async numbersOf({ copies: { key, ids, bytes, count } }: ClusterPart): Promise<Uint32Array> {
    const name = `${key}#numbers`;
    const cached = this.#cache.get(name);
    if (cached instanceof Uint8Array) return new Uint32Array(cached.buffer);
    const numbers = decodeNumbers(await this.#read(key, { start: ids, end: bytes }), count);
    this.#cache.set(name, new Uint8Array(numbers.buffer), numbers.byteLength + 64);
    return numbers;
  }
}
