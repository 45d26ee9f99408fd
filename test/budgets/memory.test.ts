import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Account } from '../../shared/engine/account.ts';
import { appendMessages, storeFlags } from '../../shared/engine/actions.ts';
import { chunkRows } from '../../shared/engine/rows.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { BudgetWorld, requests, sizes } from './big-account.ts';

/** Bytes a message takes of an account that nobody looks at: its rows packed, and what goes with each chunk of them. */
const resting = 8;

/** What the rows of a mailbox take, bytes: all that its typed arrays hold, used or not. */
function columnBytes(account: Account): number {
  const buffers = new Set<ArrayBufferLike>();
  for (const { fixed, marks } of account.state.mailboxes.get(inboxId)!.chunks)
    for (const column of [
      fixed.uid,
      fixed.size,
      fixed.internalDate,
      fixed.saveDate,
      fixed.message,
      marks.flags,
      marks.modSeq,
    ])
      buffers.add(column.buffer);
  return [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0);
}

/** Messages as they come in life: of every size, minutes or hours apart, so that no column packs better here than it does there. */
async function deliver(world: BudgetWorld, count: number, atOnce: number): Promise<void> {
  const { account, clock } = world;
  const random = new SeededRandom(count);
  for (let from = 0; from < count; from += atOnce) {
    const some = requests(account.id, clock, Math.min(atOnce, count - from), from);
    let internalDate = Math.floor(clock.now() / 1000) - 90 * 24 * 3600;
    const diverse = some.map((request) => {
      internalDate += random.integer(0, 7200);
      return {
        ...request,
        message: { ...request.message, size: random.integer(500, 100_000) },
        internalDate,
      };
    });
    assert.ok((await account.commit(appendMessages('INBOX', diverse))).ok);
    clock.advance(random.integer(0, 7_200_000));
  }
}

for (const messages of sizes)
  test(`memory of an account with ${messages.toLocaleString('en')} messages: 26 bytes of columns each, ${resting} at rest`, async () => {
    const world = await BudgetWorld.make();
    const { account } = world;
    // The newest came one at a time, and some have flags that changed since: mod-sequences are all over.
    const young = Math.min(500, messages / 2);
    await deliver(world, messages - young, 1000);
    await deliver(world, young, 1);
    for (let n = 0; n < young; n++) {
      const one = UidSet.of([((n * 7919) % messages) + 1]);
      assert.ok((await account.commit(storeFlags(inboxId, one, 'add', [`k${n % 9}`]))).ok);
    }
    await account.settle();
    await account.compact();
    const cold = await world.fresh();
    const closed = cold.bytes;
    await cold.load(inboxId);
    assert.equal(columnBytes(cold), 26 * messages);
    // Where mail comes in, the last chunk has room for more.
    const open = columnBytes(account);
    assert.ok(open >= 26 * messages && open <= 26 * (messages + chunkRows), `${open / messages} bytes`);
    cold.rest();
    const bytes = (cold.bytes - closed) / messages;
    assert.ok(bytes <= resting, `${bytes} bytes a message`);
  });
