import type { BlobKey } from '../ids.ts';
import type { BlobStore } from '../ports/blob-store.ts';
import { collect, ObjectGone } from './message-index.ts';
import { decodeManifest, type Manifest } from './snapshot.ts';

/** A manifest as it was read: rows and history of its mailboxes are read when they are asked for. */
export interface Snapshot extends Manifest {
  readonly manifest: BlobKey;
  /** Size of the manifest: what the next compaction will write again. */
  readonly manifestBytes: number;
}

export async function loadSnapshot(blobs: BlobStore, key: BlobKey): Promise<Snapshot> {
  const blob = await blobs.get(key);
  if (blob === undefined) throw new ObjectGone(key);
  return { ...decodeManifest(await collect(blob.body)), manifest: key, manifestBytes: blob.size };
}
