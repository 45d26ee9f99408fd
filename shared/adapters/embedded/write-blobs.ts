import type { DatabaseSync } from 'node:sqlite';
import type { BlobKey } from '../../ids.ts';
import { fileName } from './blob-files.ts';
import type { WriteOperations } from './write-operations.ts';

export interface BlobWrites extends Pick<WriteOperations, 'storeBlobs' | 'deleteBlobs'> {
  /** Whether the object is recorded. */
  isStored(key: BlobKey): boolean;
}

/** Rows of objects, in the writer's thread. */
export function blobWrites(db: DatabaseSync): BlobWrites {
  const insert = db.prepare(
    'INSERT INTO blobs (key, size, file, bytes) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO NOTHING',
  );
  const find = db.prepare('SELECT file FROM blobs WHERE key = ?');
  const content = db.prepare('SELECT size, bytes FROM blobs WHERE key = ?');
  const remove = db.prepare('DELETE FROM blobs WHERE key = ?');
  return {
    storeBlobs(blobs) {
      for (const { key, size, bytes } of blobs) {
        if (insert.run(key, size, bytes ? null : fileName(key), bytes ?? null).changes === 1) continue;
        // Sent twice, because the first answer was lost; anything else would take the place of what somebody has.
        const stored = content.get(key);
        if (stored?.size !== size || Buffer.compare(bytesOf(stored.bytes), bytesOf(bytes)) !== 0)
          throw new Error(`put to a used key: ${key}`);
      }
    },
    deleteBlobs(keys) {
      const inFiles = keys.filter((key) => typeof find.get(key)?.file === 'string');
      for (const key of keys) remove.run(key);
      return inFiles;
    },
    isStored: (key) => find.get(key) !== undefined,
  };
}

const bytesOf = (bytes: unknown): Uint8Array => (bytes ?? new Uint8Array(0)) as Uint8Array;
