import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storeFlags } from '../../shared/engine/actions.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import { localEngine } from '../support/local-engine.ts';
import { deliver } from '../support/mail.ts';

const writers = 16;
/** Entries that may come from the one that asks for a compaction until it has ended: where it starved, there is no such number. */
const whileItRuns = 500;

test('a compaction comes to its end while many write without a pause, and the next one too', async () => {
  const { account: make } = await localEngine();
  const account = await make();
  for (let n = 1; n <= 20; n++) await deliver(account, n);
  let ended = 0;
  const from: number[] = [account.state.position];
  const write = async (writer: number): Promise<void> => {
    for (let n = 0; ended < 3; n++) {
      const mode = n % 2 === 0 ? 'add' : 'remove';
      const done = await account.commit(storeFlags(inboxId, UidSet.of([writer]), mode, ['\\Flagged']));
      assert.ok(done.ok);
      const folded = account.snapshot?.state.position ?? 0;
      if (folded > from.at(-1)!) {
        ended++;
        from.push(account.state.position);
      }
      const since = account.state.position - from.at(-1)!;
      assert.ok(since < whileItRuns, `no compaction has ended in ${since} entries`);
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, i) => write(i + 1)));
  assert.equal(ended, 3);
});
