import type { BlobKey } from '../ids.ts';
import type { ByteRange } from '../ports/blob-store.ts';
import type { ByteCache } from './byte-cache.ts';
import { decodeFrame, Frame } from './frame.ts';
import { type FrameColumn, frameEnd } from './segment.ts';

/** Pieces of snapshots of all accounts: whole columns, frames that were unpacked, and frames that were read ahead, as they lie. */
export type ObjectCache = ByteCache<Uint8Array | Frame>;

/** A frame of a segment. */
export interface FramePlace {
  readonly key: BlobKey;
  readonly column: FrameColumn;
  /** Its number in the column. */
  readonly frame: number;
  /** Numbers of its first message and of the first after it. */
  readonly first: number;
  readonly next: number;
}

/** Where many neighbours are asked for, more are: this much is read ahead, for the next request. */
const readAheadBytes = 1024 * 1024;

/** Gaps up to this size between two wanted frames are read too: a byte costs less than a request. */
const joinedGap = 256 * 1024;

const offsetOf = ({ column, frame }: FramePlace): number => column.frames[frame]!.offset;
const nameOf = (key: BlobKey, offset: number): string => `${key}@${offset}`;

/** Reads frames by range, as few and long ranges as that takes, and keeps them. */
export class FrameReader {
  readonly #cache: ObjectCache;
  readonly #read: (key: BlobKey, range: ByteRange) => Promise<Uint8Array>;

  constructor(cache: ObjectCache, read: (key: BlobKey, range: ByteRange) => Promise<Uint8Array>) {
    this.#cache = cache;
    this.#read = read;
  }

  /** The frames of some places, one for each. */
  async frames(places: readonly (FramePlace | undefined)[]): Promise<readonly (Frame | undefined)[]> {
    const names: (string | undefined)[] = [];
    const frames = new Map<string, Frame>();
    const missing = new Map<string, FramePlace>();
    let before: FramePlace | undefined;
    let name = '';
    for (const place of places) {
      if (place !== undefined && place !== before) {
        before = place;
        name = nameOf(place.key, offsetOf(place));
        if (!frames.has(name) && !missing.has(name)) {
          const cached = this.#cache.get(name);
          if (cached === undefined) missing.set(name, place);
          else frames.set(name, cached instanceof Frame ? cached : this.#unpack(name, cached));
        }
      }
      names.push(place && name);
    }
    if (missing.size > 0) await this.#load([...missing.values()], frames);
    return names.map((each) => (each === undefined ? undefined : frames.get(each)));
  }

  #unpack(name: string, packed: Uint8Array): Frame {
    const frame = decodeFrame(packed);
    this.#cache.set(name, frame, frame.weight);
    return frame;
  }

  async #load(missing: FramePlace[], into: Map<string, Frame>): Promise<void> {
    missing.sort((a, b) => (a.column === b.column ? a.frame - b.frame : a.key < b.key ? -1 : 1));
    for (let i = 0; i < missing.length; ) {
      const { key, column, frame } = missing[i]!;
      let j = i + 1;
      for (; missing[j]?.column === column; j++)
        if (offsetOf(missing[j]!) - frameEnd(column, missing[j - 1]!.frame) > joinedGap) break;
      const start = offsetOf(missing[i]!);
      let last = missing[j - 1]!.frame;
      if (last > frame)
        while (last + 1 < column.frames.length && frameEnd(column, last + 1) - start <= readAheadBytes)
          last++;
      const bytes = await this.#read(key, { start, end: frameEnd(column, last) });
      const wanted = new Set(missing.slice(i, j).map((place) => place.frame));
      for (let f = frame; f <= last; f++) {
        const { offset } = column.frames[f]!;
        const name = nameOf(key, offset);
        const packed = bytes.subarray(offset - start, frameEnd(column, f) - start);
        if (wanted.has(f)) into.set(name, this.#unpack(name, packed));
        // A copy: a piece of what was read would keep all of it in memory.
        else if (this.#cache.get(name) === undefined)
          this.#cache.set(name, new Uint8Array(packed), packed.length + 128);
      }
      i = j;
    }
  }
}
