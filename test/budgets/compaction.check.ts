import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appendMessages, copyMessages, expungeMessages, storeFlags } from '../../shared/engine/actions.ts';
import { purgeExpunged } from '../../shared/engine/retention.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import { day, hour } from '../support/test-clock.ts';
import { BudgetWorld, requests } from './big-account.ts';

test('compaction of an active account: few runs, few objects, and a fraction of the bytes that were written', async () => {
  const world = await BudgetWorld.make();
  const { account, clock, store } = world;
  const days = 60;
  const log = { bytes: 0, messages: 0 };
  const runs = { count: 0, puts: 0, most: 0, bytes: 0 };
  for (let today = 0; today < days; today++) {
    for (let n = 0; n < 50; n++) {
      const before = account.snapshot;
      const cost = await world.cost(async () => {
        const number = today * 50 + n;
        const [request] = requests(account.id, clock, 1, number);
        log.messages += request!.message.size;
        const delivered = { ...request!, deliveryId: `an event with a long name, ${number}, for somebody` };
        assert.ok((await account.commit(appendMessages('INBOX', [delivered]))).ok);
        // Two devices read, file and delete.
        const one = UidSet.of([number + 1]);
        if (n % 2 === 0) assert.ok((await account.commit(storeFlags(inboxId, one, 'add', ['\\Seen']))).ok);
        if (n % 10 === 3) assert.ok((await account.commit(copyMessages('move', inboxId, one, 'Archive'))).ok);
        if (n % 10 === 7) assert.ok((await account.commit(expungeMessages(inboxId, one))).ok);
        await account.settle();
      });
      log.bytes += cost.logPutBytes;
      if (account.snapshot !== before) {
        runs.count++;
        assert.equal(cost.headMoves, 1);
      }
      runs.puts += cost.puts;
      runs.most = Math.max(runs.most, cost.puts);
      runs.bytes += cost.putBytes;
      clock.advance(0.48 * hour);
    }
    if (today % 7 === 0) {
      const cutoff = Math.floor((clock.now() - 14 * day) / 1000);
      assert.ok((await purgeExpunged(account, world.engine.parts, cutoff)).ok);
    }
  }
  assert.ok(runs.most <= 8, `${runs.most} PUTs in a run`);
  assert.ok(runs.count <= 2 * days, `${runs.count} runs in ${days} days`);
  // Header records are written three times on average until they rest in segments of megabytes.
  const all = `${runs.bytes} bytes folded of ${log.bytes} in the log and ${log.messages} of messages`;
  assert.ok(runs.bytes <= 2.5 * log.bytes && runs.bytes <= (log.bytes + log.messages) / 4, all);
  // Old objects go when their time has come.
  assert.ok(store.blobs.objects.size <= 40, `${store.blobs.objects.size} objects are kept`);
  const reader = await world.fresh();
  assert.equal(reader.state.usage.messages, days * 45);
});
