import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMailbox } from '../../shared/engine/mailbox-actions.ts';
import { stateDigest } from '../../shared/engine/state-digest.ts';
import type { AccountLog } from '../../shared/ports/account-log.ts';
import { memoryEngine, memoryStore, openIn } from '../support/memory-engine.ts';
import { VirtualTime } from '../support/virtual-time.ts';

/** k processes, each with one change, all at once, on a log whose requests take as long as real ones. */
async function race(k: number, seed: number) {
  const time = new VirtualTime(seed);
  const store = memoryStore(() => time.now());
  const parts = { entropy: time, sleep: time.sleep };
  const first = await time.until(openIn(memoryEngine(store, parts)));
  const distant: AccountLog = {
    read: async (account, after) => {
      await time.between(1, 4);
      const tail = await store.log.read(account, after);
      await time.between(1, 4);
      return tail;
    },
    append: async (request) => {
      await time.between(1, 6);
      const outcome = await store.log.append(request);
      await time.between(1, 6);
      return outcome;
    },
    readEnd: (id) => store.log.readEnd(id),
    moveHead: (account, head) => store.log.moveHead(account, head),
    trim: (account, upTo) => store.log.trim(account, upTo),
    drop: (account) => store.log.drop(account),
  };
  const writers = await time.until(
    Promise.all(
      Array.from({ length: k }, () => openIn(memoryEngine(store, { ...parts, log: distant }), first.id)),
    ),
  );
  const before = { ...store.log.counts };
  const began = time.now();
  const answers = await time.until(
    Promise.all(writers.map((account, n) => account.commit(createMailbox(`m${n}`)))),
  );
  const counts = {
    puts: store.log.counts.puts - before.puts,
    reads: store.log.counts.reads - before.reads,
    ms: time.now() - began,
  };
  assert.ok(answers.every((a) => a.ok));
  for (const account of [first, ...writers]) await time.until(account.catchUp());
  for (const writer of writers) assert.equal(stateDigest(writer.state), stateDigest(first.state));
  assert.equal(first.state.mailboxes.size, 6 + k);
  return counts;
}

test('k writers on one account make at most 3k puts', async () => {
  for (const k of [1, 2, 4, 8, 16, 32]) {
    const seeds = 12;
    for (let seed = 1; seed <= seeds; seed++) {
      const counts = await race(k, seed);
      assert.ok(counts.puts <= 3 * k, `${counts.puts} puts of ${k} writers with seed ${seed}`);
    }
  }
});
