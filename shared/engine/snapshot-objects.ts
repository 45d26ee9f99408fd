import type { BlobKey } from '../ids.ts';
import type { Manifest } from './snapshot.ts';

/** The kinds of key (see `objectKey`) that pieces of snapshots have: index, headers with email ids, manifests. */
export const snapshotKinds = ['i', 'h', 'x'] as const;

/** Every object that a manifest needs, itself left out. */
export function neededObjects({ objects, messages }: Pick<Manifest, 'objects' | 'messages'>): BlobKey[] {
  return [...objects.map((object) => object.key), ...messages.segments.map((segment) => segment.key)];
}

/** Every object that a manifest names, itself left out: also those that it only keeps for readers who are behind. */
export function namedObjects(manifest: Pick<Manifest, 'objects' | 'messages' | 'replaced'>): BlobKey[] {
  return [...neededObjects(manifest), ...manifest.replaced.map((replaced) => replaced.key)];
}
