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
  // A key is written once, so a row that is there already is the same object, sent twice.
  const insert = db.prepare(
    'INSERT INTO blobs (key, size, file, bytes) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO NOTHING',
  );
  const find = db.prepare('SELECT file FROM blobs WHERE key = ?');
  const remove = db.prepare('DELETE FROM blobs WHERE key = ?');
  return {
    storeBlobs(blobs) {
      for (const { key, size, bytes } of blobs)
        insert.run(key, size, bytes ? null : fileName(key), bytes ?? null);
    },
    deleteBlobs(keys) {
      const inFiles = keys.filter((key) => typeof find.get(key)?.file === 'string');
      for (const key of keys) remove.run(key);
      return inFiles;
    },
    isStored: (key) => find.get(key) !== undefined,
  };
}
