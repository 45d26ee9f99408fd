import type { StoredEntry } from '../ports/account-log.ts';
import type { BlobStore } from '../ports/blob-store.ts';
import { decodeEntry, type Entry } from './entry.ts';
import { collect, ObjectGone } from './message-index.ts';
import { decodeOperations } from './operation-codec.ts';
import type { EntrySize } from './tail-size.ts';

/** An entry with what it takes to read it: bytes in the log and in its spill object. */
export interface ReadEntry extends EntrySize {
  readonly entry: Entry;
}

/** A stored entry with its operations, fetched from the spill object where they lie there. */
export async function readEntry(blobs: BlobStore, stored: StoredEntry): Promise<ReadEntry> {
  const { body, ...header } = decodeEntry(stored.position, stored.bytes);
  if (body.kind === 'inline')
    return {
      entry: { ...header, operations: decodeOperations(body.bytes) },
      bytes: stored.bytes.length,
      spill: undefined,
    };
  const spill = await blobs.get(body.key);
  if (spill === undefined) throw new ObjectGone(body.key);
  const operations = await collect(spill.body);
  return {
    entry: { ...header, operations: decodeOperations(operations) },
    bytes: stored.bytes.length + operations.length,
    spill: body.key,
  };
}
