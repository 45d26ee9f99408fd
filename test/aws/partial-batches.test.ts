import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { createTableClient } from '../../shared/adapters/aws/clients.ts';
import { everything } from '../../shared/adapters/aws/log-items.ts';
import {
  type AccountId,
  accountPrefix,
  type LogPosition,
  newAccountId,
  objectKey,
  systemEntropy,
} from '../../shared/ids.ts';
import { sharedEmulators } from '../adapters/aws-ground.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import type { FaultCounts } from './faulty-clients.ts';
import { openFaultyStore } from './faulty-store.ts';

const seed = 1;
const at = (position: number): LogPosition => position as LogPosition;

describe('batches of which a part is done', () => {
  const emulators = sharedEmulators();

  test(`what is trimmed is gone, and nothing else (seed ${seed})`, async (t) => {
    const { sound, faulty, stored, counts } = await open();
    t.after(() => [sound, faulty].map((store) => store.close()));
    const account = newAccountId(systemEntropy);
    const entries = 160;
    const folded = 150;
    await sound.log.read(account, at(0));
    for (let position = 1; position <= entries; position++) {
      const bytes = Buffer.from(`e${position}`);
      const request = { account, position: at(position), bytes, blobs: [], readAt: Date.now() };
      assert.equal((await sound.log.append(request)).kind, 'done');
    }
    const manifest = objectKey(account, 'manifest', systemEntropy);
    assert.ok(await sound.log.moveHead(account, { position: at(folded), manifest }));
    await untilDone(() => faulty.log.trim(account, at(folded)));
    await faulty.quiet();
    assert.ok(counts.has('BatchWriteItemCommand in part'));
    assert.equal(await stored(account), entries - folded + 1, 'the entries after the head, and the head');
    const tail = await sound.log.read(account, at(1));
    assert.equal(tail.head?.manifest, manifest);
    assert.deepEqual(
      tail.entries.map(({ position }) => position),
      Array.from({ length: entries - folded }, (_, i) => folded + 1 + i),
    );
  });

  test(`objects that are deleted are gone, and no others (seed ${seed})`, async (t) => {
    const { sound, faulty, counts } = await open();
    t.after(() => [sound, faulty].map((store) => store.close()));
    const account = newAccountId(systemEntropy);
    const keys = Array.from({ length: 40 }, () => objectKey(account, 'message', systemEntropy));
    for (const key of keys) await sound.blobs.put(key, Buffer.from(key));
    const kept = keys.filter((_, i) => i % 8 === 0);
    const removed = keys.filter((key) => !kept.includes(key));
    for (let from = 0; from < removed.length; from += 7)
      await untilDone(() => faulty.blobs.delete(removed.slice(from, from + 7)));
    await faulty.quiet();
    assert.ok(counts.has('DeleteObjectsCommand in part'));
    const found = await sound.blobs.list(accountPrefix(account));
    assert.deepEqual(found.map(({ key }) => key).sort(), [...kept].sort());
  });

  async function open() {
    const started = await emulators();
    const counts: FaultCounts = new Map();
    const faults = (probability: number) => ({ random: new SeededRandom(seed), probability, counts });
    return {
      sound: openFaultyStore(started, faults(0)),
      faulty: openFaultyStore(started, { ...faults(0.2), partial: 0.5 }),
      stored: async (account: AccountId) => {
        const client = createTableClient(started.tables);
        const query = { TableName: started.logTable, ...everything(account), ConsistentRead: true };
        const { Count } = await client.send(new QueryCommand(query));
        client.destroy();
        return Count;
      },
      counts,
    };
  }
});

/** As maintenance does: what a pass could not do, a later one does. */
async function untilDone(work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++)
    try {
      return await work();
    } catch (cause) {
      if (attempt === 20) throw cause;
    }
}
