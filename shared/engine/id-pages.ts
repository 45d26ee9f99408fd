import type { BlobKey } from '../ids.ts';
import type { ByteRange } from '../ports/blob-store.ts';
import { packedIdBytes } from './email-id-codec.ts';
import type { ObjectCache } from './frame-reader.ts';
import type { SegmentRef } from './segment.ts';

/** Email ids are read and kept this many together. */
const idsAPage = 2048;

/** Neighbours in a segment's column of email ids. */
export interface IdPage {
  readonly segment: SegmentRef;
  /** Numbers of its messages: from here up to, and without, there. */
  readonly from: number;
  readonly to: number;
  readonly name: string;
}

/** The page that a message's id stands on. */
export function idPageOf(segment: SegmentRef, no: number): IdPage {
  const page = Math.floor((no - segment.first) / idsAPage);
  const from = segment.first + page * idsAPage;
  const to = Math.min(from + idsAPage, segment.first + segment.count);
  return { segment, from, to, name: `${segment.key}#ids${page}` };
}

/** Pages of email ids, read by range and kept in a cache. */
export class IdPages {
  readonly #cache: ObjectCache;
  readonly #read: (key: BlobKey, range: ByteRange) => Promise<Uint8Array>;

  constructor(cache: ObjectCache, read: (key: BlobKey, range: ByteRange) => Promise<Uint8Array>) {
    this.#cache = cache;
    this.#read = read;
  }

  /** A page's column, where it is in memory. */
  held(page: IdPage): Uint8Array | undefined {
    const held = this.#cache.get(page.name);
    return held instanceof Uint8Array ? held : undefined;
  }

  /** Columns by their pages' names. Neighbouring pages come in one read. */
  async load(wanted: readonly IdPage[]): Promise<ReadonlyMap<string, Uint8Array>> {
    const loaded = new Map<string, Uint8Array>();
    const missing: IdPage[] = [];
    for (const page of wanted) {
      const held = this.held(page);
      if (held === undefined) missing.push(page);
      else loaded.set(page.name, held);
    }
    missing.sort((a, b) => a.from - b.from);
    for (let i = 0; i < missing.length; ) {
      const { segment, from } = missing[i]!;
      let j = i + 1;
      while (missing[j]?.segment === segment && missing[j]!.from === missing[j - 1]!.to) j++;
      const start = segment.ids + (from - segment.first) * packedIdBytes;
      const end = segment.ids + (missing[j - 1]!.to - segment.first) * packedIdBytes;
      const bytes = await this.#read(segment.key, { start, end });
      for (const page of missing.slice(i, j)) {
        const column = bytes.slice((page.from - from) * packedIdBytes, (page.to - from) * packedIdBytes);
        loaded.set(page.name, column);
        this.#cache.set(page.name, column, column.length + 64);
      }
      i = j;
    }
    return loaded;
  }
}
