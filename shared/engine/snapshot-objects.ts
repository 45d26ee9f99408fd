import type { BlobKey } from '../ids.ts';
import type { Manifest } from './snapshot.ts';

/** The kinds of key (see `objectKey`) that pieces of snapshots have: index, headers with email ids, texts' signatures, manifests. */
export const snapshotKinds = ['i', 'h', 't', 'x'] as const;

/** Every object that a manifest needs, itself left out. */
export function neededObjects({ objects, messages }: Pick<Manifest, 'objects' | 'messages'>): BlobKey[] {
  const copies = messages.clusters.flatMap(({ parts }) => parts.map((part) => part.copies));
  return [...objects, ...messages.segments, ...messages.texts, ...copies].map(({ key }) => key);
}

/** Every object that a manifest names, itself left out: also those that it only keeps for readers who are behind. */
export function namedObjects(manifest: Pick<Manifest, 'objects' | 'messages' | 'replaced'>): BlobKey[] {
  return [...neededObjects(manifest), ...manifest.replaced.map((replaced) => replaced.key)];
}
