import { collect } from '../../../shared/engine/message-index.ts';
import { isManifestKey } from '../../../shared/engine/snapshot-objects.ts';
import type { BlobKey } from '../../../shared/ids.ts';
import type { Blob, BlobStore, ByteRange } from '../../../shared/ports/blob-store.ts';
import type { NotedFaults } from './noted-faults.ts';

/**
 * The store as a rebuild sees it while it prepares. What it puts there is garbage until the head moves, but for manifests: left behind by a
 * rebuild that died, or was only tried, they would look like snapshots of the log, which has gone on differently. Those stay in memory.
 * Nothing is deleted: the real head may still name it.
 */
export class AsideBlobs implements BlobStore {
  readonly #store: BlobStore;
  readonly #faults: NotedFaults;
  readonly #manifests = new Map<BlobKey, Uint8Array>();

  constructor(store: BlobStore, faults: NotedFaults) {
    this.#store = store;
    this.#faults = faults;
  }

  async put(key: BlobKey, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<number> {
    if (!isManifestKey(key)) return this.#store.put(key, body);
    const bytes = await collect(body);
    // Each takes the place of the one before it, which nobody reads any more.
    this.#manifests.clear();
    this.#manifests.set(key, bytes);
    return bytes.length;
  }

  async get(key: BlobKey, range?: ByteRange): Promise<Blob | undefined> {
    const manifest = this.#manifests.get(key);
    if (manifest === undefined)
      return this.#faults.blob(await this.#faults.noting(this.#store.get(key, range)));
    return { size: manifest.length, body: manifest.subarray(range?.start, range?.end) };
  }

  async delete(): Promise<void> {}

  list(prefix: string, after?: BlobKey): ReturnType<BlobStore['list']> {
    return this.#faults.noting(this.#store.list(prefix, after));
  }
}
