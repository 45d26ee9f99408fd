import { type AccountId, type BlobKey, kindOfKey } from '../ids.ts';
import type { BlobStore } from '../ports/blob-store.ts';
import { listBlobs } from './list-blobs.ts';
import type { Manifest } from './snapshot.ts';

/**
 * The kinds of key (see `objectKey`) that manifests have: 'x' where the log was folded. One of kind 'r' begins an epoch: a rebuild made it,
 * and it is true only where the head has named it; a rebuild may have died before that.
 */
const manifestKinds: readonly string[] = ['x', 'r'];
/** The kinds that pieces of snapshots have: index, headers with email ids, texts' signatures, manifests. */
export const snapshotKinds: readonly string[] = ['i', 'h', 't', ...manifestKinds];

export const isManifestKey = (key: string): boolean => manifestKinds.includes(kindOfKey(key));

/** An account's manifests, newest first, at most so many. */
export async function newestManifests(blobs: BlobStore, id: AccountId, most: number): Promise<BlobKey[]> {
  const found: { readonly key: BlobKey; readonly madeAt: number }[] = [];
  for (const kind of manifestKinds) {
    const there: (typeof found)[number][] = [];
    for await (const blob of listBlobs(blobs, id, kind)) {
      there.push(blob);
      if (there.length > most) there.shift();
    }
    found.push(...there);
  }
  found.sort((a, b) => b.madeAt - a.madeAt);
  return found.slice(0, most).map(({ key }) => key);
}

/** Every object that a manifest needs, itself left out. */
export function neededObjects({ objects, messages }: Pick<Manifest, 'objects' | 'messages'>): BlobKey[] {
  const copies = messages.clusters.flatMap(({ parts }) => parts.map((part) => part.copies));
  return [...objects, ...messages.segments, ...messages.texts, ...copies].map(({ key }) => key);
}

/** Every object that a manifest names, itself left out: also those that it only keeps for readers who are behind. */
export function namedObjects(manifest: Pick<Manifest, 'objects' | 'messages' | 'replaced'>): BlobKey[] {
  return [...neededObjects(manifest), ...manifest.replaced.map((replaced) => replaced.key)];
}
