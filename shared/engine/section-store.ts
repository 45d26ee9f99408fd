import type { AccountId, BlobKey, Entropy } from '../ids.ts';
import { objectKey } from '../ids.ts';
import type { BlobStore } from '../ports/blob-store.ts';
import { collect, ObjectGone } from './message-index.ts';
import type { SectionRef } from './stored-rows.ts';

/** An object that holds sections of several mailboxes, of rows and of history. */
export interface IndexObject {
  readonly key: BlobKey;
  readonly bytes: number;
}

export async function readSection(
  blobs: BlobStore,
  { object, start, bytes }: SectionRef,
): Promise<Uint8Array> {
  const blob = await blobs.get(object, { start, end: start + bytes });
  if (blob === undefined) throw new ObjectGone(object);
  return collect(blob.body);
}

/** Sections as they are made, one behind the other in one fresh object. */
export class SectionWriter {
  readonly key: BlobKey;
  readonly #pieces: Uint8Array[] = [];
  #bytes = 0;

  constructor(account: AccountId, entropy: Entropy) {
    this.key = objectKey(account, 'i', entropy);
  }

  add(section: Uint8Array): SectionRef {
    const ref = { object: this.key, start: this.#bytes, bytes: section.length };
    this.#pieces.push(section);
    this.#bytes += section.length;
    return ref;
  }

  /** Puts the object; undefined where it would be empty. */
  async put(blobs: BlobStore): Promise<IndexObject | undefined> {
    if (this.#bytes === 0) return undefined;
    await blobs.put(this.key, Buffer.concat(this.#pieces));
    return { key: this.key, bytes: this.#bytes };
  }
}

/** Sections below this are rewritten with whatever comes behind them. */
const smallSection = 16 * 1024;
/** A section this many times as large as what comes behind it stays as it is. */
const restingRatio = 8;
/** Objects that a mailbox's rows are read from, at most. */
const maxSections = 3;

/** How many of the last sections are rewritten together with `bytes` of new ones: only what is young, so that each is rewritten rarely. */
export function rewrittenSections(sections: readonly { readonly bytes: number }[], bytes: number): number {
  let rewritten = 0;
  let total = bytes;
  for (let i = sections.length - 1; i >= 0; i--) {
    const size = sections[i]!.bytes;
    if (size >= smallSection && size > restingRatio * total && i + 2 <= maxSections) break;
    rewritten++;
    total += size;
  }
  return rewritten;
}

/** Objects that are small, at most: then they become one. */
const maxSmallObjects = 12;
const smallObject = 64 * 1024;

/** Objects of which too little is used, or which are too small and too many: what is used of them goes to the new one. */
export function scatteredObjects(
  objects: readonly IndexObject[],
  used: Iterable<SectionRef>,
): ReadonlySet<BlobKey> {
  const live = new Map<BlobKey, number>();
  for (const { object, bytes } of used) live.set(object, (live.get(object) ?? 0) + bytes);
  const left = objects.filter(({ key }) => live.has(key));
  const wasted = left.filter(({ key, bytes }) => live.get(key)! * 2 < bytes);
  const small = left.filter(({ key }) => live.get(key)! < smallObject);
  return new Set([...wasted, ...(small.length > maxSmallObjects ? small : [])].map(({ key }) => key));
}
