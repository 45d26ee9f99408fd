import type { BlobKey } from '../ids.ts';
import type { BlobStore } from '../ports/blob-store.ts';
import { collect, ObjectGone } from './message-index.ts';
import { decodeManifest, type Manifest, withRows } from './snapshot.ts';

/** A manifest with its rows loaded. */
export interface Snapshot extends Omit<Manifest, 'index'> {
  readonly manifest: BlobKey;
  readonly index: BlobKey;
  /** Size of the index object: what the next compaction will write again. */
  readonly indexBytes: number;
}

export async function loadSnapshot(blobs: BlobStore, key: BlobKey): Promise<Snapshot> {
  const blob = await blobs.get(key);
  if (blob === undefined) throw new ObjectGone(key);
  const manifest = decodeManifest(await collect(blob.body));
  const index = await blobs.get(manifest.index);
  if (index === undefined) throw new ObjectGone(manifest.index);
  const state = withRows(manifest.state, await collect(index.body));
  return { ...manifest, state, manifest: key, indexBytes: index.size };
}
