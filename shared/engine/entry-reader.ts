import type { StoredEntry } from '../ports/account-log.ts';
import type { BlobStore } from '../ports/blob-store.ts';
import { decodeEntry, type Entry } from './entry.ts';
import { collect, ObjectGone } from './message-index.ts';
import { decodeOperations } from './operation-codec.ts';

/** A stored entry with its operations, fetched from the spill object where they lie there. */
export async function readEntry(blobs: BlobStore, stored: StoredEntry): Promise<Entry> {
  const { body, ...header } = decodeEntry(stored.position, stored.bytes);
  if (body.kind === 'inline') return { ...header, operations: decodeOperations(body.bytes) };
  const spill = await blobs.get(body.key);
  if (spill === undefined) throw new ObjectGone(body.key);
  return { ...header, operations: decodeOperations(await collect(spill.body)) };
}
