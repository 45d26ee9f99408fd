import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeNumbers } from '../../shared/engine/cluster-numbers.ts';
import { answerColumns } from '../../shared/engine/segment.ts';
import type { BlobKey } from '../../shared/ids.ts';
import { answersVersion, fieldsAnswer, structureAnswer } from '../../shared/imap/stored-answers.ts';
import { octets, read } from '../engine/clusters-ground.ts';
import { memoryEngine, openIn } from '../support/memory-engine.ts';
import { MemoryLeases } from '../support/memory-store.ts';
import { scatteredBytes } from './digests.ts';
import { storeOf } from './recording.ts';
import { newest } from './recordings.ts';

/** The newest recording from its snapshot, as a fresh process has it. */
async function snapshot() {
  const store = { ...(await storeOf(newest, 'the snapshot')), leases: new MemoryLeases() };
  const account = await openIn(memoryEngine(store, { scatteredBytes }), newest.account);
  return { account, blobs: store.blobs };
}

test('copies of scattered mailboxes are read as they were written, and say what the segments say', async () => {
  const [{ account, blobs }, { account: another }] = [await snapshot(), await snapshot()];
  const asked = new Set<BlobKey>();
  const get = blobs.get.bind(blobs);
  blobs.get = (key, range) => {
    asked.add(key);
    return get(key, range);
  };
  const { clusters } = account.messages.settled;
  for (const { mailbox, parts } of clusters)
    for (const { key, ids, count } of parts.map(({ copies }) => copies)) {
      const numbers = [...decodeNumbers(newest.objects.get(key)!.subarray(ids), count)];
      for (const column of ['records', ...answerColumns] as const)
        assert.deepEqual(
          await read(account, numbers, column, mailbox),
          await read(another, numbers, column),
          `${column} of mailbox ${mailbox}`,
        );
    }
  const copies = clusters.flatMap(({ parts }) => parts.map((part) => part.copies.key));
  assert.ok(
    copies.some((key) => asked.has(key)),
    'none of them was read',
  );
});

test('answers are stored as this release makes them, or have another version', async () => {
  const { account } = await snapshot();
  const { segments } = account.messages.settled;
  let compared = 0;
  for (const { first, count, answers } of segments) {
    if (answers?.version !== answersVersion) continue;
    const numbers = Array.from({ length: count }, (_, i) => first + i);
    const records = await account.records(numbers);
    for (const column of answerColumns) {
      const stored = (await account.answers(numbers, column)).map(octets);
      const made = records.map((record) =>
        column === 'fields' ? fieldsAnswer(record.header) : structureAnswer(record),
      );
      assert.deepEqual(
        stored,
        made.map((bytes) => Buffer.from(bytes).toString('latin1')),
        `${column}: a new answersVersion?`,
      );
      compared += stored.length;
    }
  }
  assert.ok(compared > 0, 'nothing of this version is recorded');
});
