import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { storeFlags } from '../../shared/engine/actions.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import { memoryEngine, memoryStore, openIn } from '../support/memory-engine.ts';
import { testClock } from '../support/test-clock.ts';

/** An account whose engine waits only as long as the test lets it. */
async function ground() {
  const clock = testClock();
  const waits: (() => void)[] = [];
  const sleep = () => new Promise<void>((resolve) => void waits.push(resolve));
  const store = memoryStore(() => clock.now());
  const engine = memoryEngine(store, { entropy: clock, sleep });
  const account = await openIn(engine);
  return {
    account,
    change: async (times: number) => {
      for (let i = 0; i < times; i++) {
        const done = await account.commit(storeFlags(inboxId, UidSet.of([1]), 'add', [`k${i % 2}`]));
        assert.ok(done.ok);
      }
    },
    /** Lets all waits end; answers how many there were. */
    pass: async () => {
      const ended = waits.splice(0);
      for (const end of ended) end();
      for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
      return ended.length;
    },
    folded: () => account.snapshot?.state.position ?? 0,
  };
}

suite('when a log is folded in the background', () => {
  test('not while changes come one after another, but once they pause', async () => {
    const { account, change, pass, folded } = await ground();
    await change(70);
    assert.equal(folded(), 0);
    await change(30);
    // Something came since the wait began: it waits once more.
    assert.equal(await pass(), 1);
    assert.equal(folded(), 0);
    assert.equal(await pass(), 1);
    await account.settle();
    assert.equal(folded(), account.state.position);
    assert.equal(await pass(), 0);
  });

  test('while they come where the tail is long', async () => {
    const { account, change, folded } = await ground();
    await change(300);
    await account.settle();
    assert.ok(folded() >= 192, `folded up to ${folded()} of ${account.state.position}`);
  });

  test('at once where somebody waits for it', async () => {
    const { account, change, folded } = await ground();
    await change(70);
    await account.settle();
    assert.equal(folded(), account.state.position);
  });
});
