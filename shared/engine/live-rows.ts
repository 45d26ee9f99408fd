import type { Uid } from '../ids.ts';
import { type Chunk, lastUid, lowerBound } from './rows.ts';

/** The places of a version's rows, counted over all its chunks. */
export class LiveRows {
  readonly #chunks: readonly Chunk[];
  /** Rows before each chunk, and at the end all rows. */
  readonly #offsets: Uint32Array;

  constructor(chunks: readonly Chunk[]) {
    this.#chunks = chunks;
    this.#offsets = new Uint32Array(chunks.length + 1);
    for (let i = 0; i < chunks.length; i++) this.#offsets[i + 1] = this.#offsets[i]! + chunks[i]!.length;
  }

  /** Made once for a version: its sessions share it. */
  static of(chunks: readonly Chunk[]): LiveRows {
    let rows = known.get(chunks);
    if (rows === undefined) known.set(chunks, (rows = new LiveRows(chunks)));
    return rows;
  }

  /** Rows before a chunk. */
  before(chunk: number): number {
    return this.#offsets[chunk]!;
  }

  /** Rows with a UID below `uid`. */
  below(uid: number): number {
    const at = this.#chunkFrom(uid);
    const chunk = this.#chunks[at];
    return this.#offsets[at]! + (chunk === undefined ? 0 : lowerBound(chunk, uid));
  }

  has(uid: number): boolean {
    const chunk = this.#chunks[this.#chunkFrom(uid)];
    return chunk !== undefined && chunk.fixed.uid[lowerBound(chunk, uid)] === uid;
  }

  /** The UID of the row at a place from 0. */
  uidAt(place: number): Uid {
    let low = 0;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#offsets[middle]! <= place) low = middle;
      else high = middle - 1;
    }
    return this.#chunks[low]!.fixed.uid[place - this.#offsets[low]!]! as Uid;
  }

  /** Index of the first chunk that ends at or after `uid`. */
  #chunkFrom(uid: number): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (lastUid(this.#chunks[middle]!) < uid) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const known = new WeakMap<readonly Chunk[], LiveRows>();
