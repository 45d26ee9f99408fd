import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { fatalFailure, runBatch } from '../../shared/adapters/embedded/run-batch.ts';
import { openForWriting } from '../../shared/adapters/embedded/schema.ts';
import { blobWrites } from '../../shared/adapters/embedded/write-blobs.ts';
import type { WriteOperations, WriteRequest } from '../../shared/adapters/embedded/write-operations.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const store = (id: number, key: string, bytes: number): WriteRequest => ({
  id,
  operation: 'storeBlobs',
  argument: [{ key, size: bytes, bytes: new Uint8Array(bytes) }],
  bytes,
});

test('on a full disk what does not fit fails and changes nothing, what fits is done, and room made helps', () => {
  const db = openForWriting(join(temporaryFolder(), 'full.db'), 1000);
  const operations = blobWrites(db) as unknown as WriteOperations;
  const { page_count } = db.prepare('PRAGMA page_count').get() as { page_count: number };
  db.exec(`PRAGMA max_page_count = ${page_count + 8}`);
  const batch = [store(1, 'small', 100), store(2, 'large', 200_000), store(3, 'other', 100)];
  const answers = runBatch(db, operations, batch);
  assert.deepEqual(
    answers.map(({ kind }) => kind),
    ['done', 'failed', 'done'],
  );
  assert.match(String((answers[1] as { cause: unknown }).cause), /full/);
  assert.equal(fatalFailure(answers), undefined);
  const kept = db.prepare('SELECT key FROM blobs ORDER BY key').all();
  assert.deepEqual(
    kept.map(({ key }) => key),
    ['other', 'small'],
  );
  db.exec('PRAGMA max_page_count = 100000');
  assert.equal(runBatch(db, operations, [store(4, 'large', 200_000)])[0]?.kind, 'done');
  db.close();
});

test('a commit is synced unless there is nothing but leases in it', () => {
  const db = openForWriting(join(temporaryFolder(), 'synced.db'), 1000);
  const synced: boolean[] = [];
  const observed = () => {
    synced.push(Number(db.prepare('PRAGMA synchronous').get()?.synchronous) === 2);
  };
  const operations = {
    storeBlobs: observed,
    acquireLease: observed,
    releaseLease: () => {
      throw new Error('refused');
    },
  } as unknown as WriteOperations;
  const lease = (operation: 'acquireLease' | 'releaseLease'): WriteRequest => ({
    ...store(1, 'x', 1),
    operation,
  });
  runBatch(db, operations, [store(1, 'a', 1)]);
  runBatch(db, operations, [lease('acquireLease')]);
  runBatch(db, operations, [lease('acquireLease'), store(2, 'b', 1)]);
  runBatch(db, operations, [lease('acquireLease'), lease('releaseLease')]);
  runBatch(db, operations, [store(3, 'c', 1)]);
  // The fourth is tried together, and then each for itself.
  assert.deepEqual(synced, [true, false, true, true, false, false, true]);
  db.close();
});

test('what only a new process can mend is told apart from what passes', () => {
  const db = new DatabaseSync(':memory:');
  db.exec('CREATE TABLE t (x INTEGER) STRICT; PRAGMA query_only = 1');
  let cause: unknown;
  try {
    db.exec('INSERT INTO t VALUES (1)');
  } catch (thrown) {
    cause = thrown;
  }
  db.close();
  assert.equal(fatalFailure([{ id: 1, kind: 'failed', cause }]), cause);
  assert.equal(fatalFailure([{ id: 1, kind: 'failed', cause: new Error('busy') }]), undefined);
  assert.equal(fatalFailure([{ id: 1, kind: 'done', value: undefined }]), undefined);
});

test('a folder of this release is opened without a write, so that it can be read on a full disk', () => {
  const path = join(temporaryFolder(), 'full.db');
  const first = openForWriting(path, 1000);
  const version = () => first.prepare('PRAGMA data_version').get()?.data_version;
  const before = version();
  openForWriting(path, 1000).close();
  assert.equal(version(), before);
  first.close();
});
