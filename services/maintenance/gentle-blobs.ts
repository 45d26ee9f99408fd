import type { BlobStore } from '../../shared/ports/blob-store.ts';

/** Keys deleted with one call: a store that writes for everybody is not held up long by any of them. */
const deletedAtOnce = 500;

/**
 * The same store, for whoever goes through all of it: gives way to sessions before each page of a list and each part of a
 * deletion, also where the store itself answers without ever letting the event loop turn.
 */
export function gentleBlobs(blobs: BlobStore, giveWay: () => Promise<void>): BlobStore {
  return {
    put: (key, body) => blobs.put(key, body),
    get: (key, range) => blobs.get(key, range),
    async list(prefix, after) {
      await giveWay();
      return blobs.list(prefix, after);
    },
    async delete(keys) {
      for (let at = 0; at < keys.length; at += deletedAtOnce) {
        await giveWay();
        await blobs.delete(keys.slice(at, at + deletedAtOnce));
      }
    },
  };
}
