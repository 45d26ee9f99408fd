import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newestItems } from '../../shared/adapters/aws/log-tail.ts';
import type { Account } from '../../shared/engine/account.ts';
import { appendMessages, storeFlags } from '../../shared/engine/actions.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import type { Asked } from '../support/aws-meter.ts';
import { readUnits } from '../support/capacity-units.ts';
import { day } from '../support/test-clock.ts';
import { AwsWorld } from './aws-world.ts';
import { requests as requestsOf, sizes } from './big-account.ts';

/** What it asks of AWS to open an account whose log is not folded to its end, and SELECT its INBOX, by who has just started. */

/** The manifest, and INBOX's rows in one section or a few. */
function foldedObjects({ snapshot }: Account): number {
  const { stored } = snapshot!.state.mailboxes.get(inboxId)!.rows;
  const objects = 1 + stored!.sections.length;
  assert.ok(objects <= 4, `${objects} objects`);
  return objects;
}

const unitsOf = (items: readonly number[]): number => readUnits(items.reduce((sum, bytes) => sum + bytes, 0));

for (const messages of sizes)
  test(`a cold open and SELECT with ${messages.toLocaleString('en')} messages and a tail`, async (t) => {
    const world = await AwsWorld.settled(messages, 150);
    const { account } = world;
    const { leases } = world.aws.ports();
    const folding = await leases.acquire(`compact/${account.id}`, 'nobody', day);
    assert.ok(folding);

    const tailOf = async (entries: number) => {
      while (account.tail.entries < entries) {
        const one = UidSet.of([(account.tail.entries % messages) + 1]);
        const flag = `tail${account.tail.entries % 7}`;
        assert.ok((await account.commit(storeFlags(inboxId, one, 'add', [flag]))).ok);
      }
      assert.equal(account.tail.entries, entries);
    };
    const openedCold = (): Promise<Asked> =>
      world.asked(async () => {
        const reader = await world.fresh();
        await reader.load(inboxId);
        assert.equal(reader.state.position, account.state.position);
      });
    const items = (last: number): number[] => world.aws.itemSizes(account.id).slice(-last);

    for (const entries of [0, 64])
      await t.test(
        `of ${entries} entries: one Query, of ${newestItems} items however few are wanted`,
        async () => {
          await tailOf(entries);
          const { requests, readUnits: units } = await openedCold();
          assert.deepEqual(requests, { Query: 1, GetObject: foldedObjects(account) });
          assert.equal(units, unitsOf(items(newestItems)));
        },
      );

    await t.test(
      'of 192, at which it is folded though nobody pauses: two Queries, and no item paid for twice',
      async () => {
        await tailOf(192);
        const { requests, readUnits: units } = await openedCold();
        assert.deepEqual(requests, { Query: 2, GetObject: foldedObjects(account) });
        const all = items(193);
        assert.equal(units, unitsOf(all.slice(-newestItems)) + unitsOf(all.slice(0, -newestItems)));
      },
    );

    await t.test('with an entry that is spilled: its object more', async () => {
      await leases.release(folding);
      await account.compact();
      await tailOf(10);
      // Forty messages in one entry, as an import has them.
      const appended = await world.asked(async () => {
        const some = requestsOf(account.id, world.clock, 40);
        assert.ok((await account.commit(appendMessages('INBOX', some))).ok);
      });
      assert.deepEqual(appended.requests, { PutObject: 1, PutItem: 1 });
      const { requests, readUnits: units } = await openedCold();
      assert.equal(units, unitsOf(items(newestItems)));
      assert.deepEqual(requests, { Query: 1, GetObject: foldedObjects(account) + 1 });
    });
  });
