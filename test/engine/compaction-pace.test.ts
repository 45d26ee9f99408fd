import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Account } from '../../shared/engine/account.ts';
import { copyMessages, expungeMessages, storeFlags } from '../../shared/engine/actions.ts';
import { FixedColumns, MarkColumns } from '../../shared/engine/chunk-columns.ts';
import type { Decide } from '../../shared/engine/decision.ts';
import { everyUid } from '../../shared/engine/mailbox.ts';
import { atOnce, pace } from '../../shared/engine/pace.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import { fill, sizes } from '../budgets/big-account.ts';
import { memoryEngine, memoryStore, openIn } from '../support/memory-engine.ts';
import { testClock } from '../support/test-clock.ts';
import { type Counts, watchTurns } from './turn-watch.ts';

const started = 1000;
// A hundred thousand rows tell small steps from large ones; the environment may ask for more.
const doublings = Math.ceil(Math.log2(Math.max(...sizes, 100_000) / started));
const rows = started * 2 ** doublings;

/** How often columns of chunks were looked at: counted where they are, whoever looks. */
const counts: Counts = { looks: 0 };
for (const [columns, names] of [
  [FixedColumns.prototype, ['uid', 'size', 'internalDate', 'saveDate', 'message']],
  [MarkColumns.prototype, ['flags', 'modSeq']],
] as const)
  for (const name of names) {
    const { get } = Object.getOwnPropertyDescriptor(columns, name)!;
    Object.defineProperty(columns, name, {
      get(this: unknown) {
        counts.looks!++;
        return get!.call(this);
      },
    });
  }

async function commit<T>(account: Account, decide: Decide<T>): Promise<void> {
  const done = await account.commit(decide);
  assert.ok(done.ok);
}

test('compaction never delays a session: however many rows there are, they are folded in small steps, whatever became of them', async () => {
  const clock = testClock();
  const store = memoryStore(() => clock.now());
  const engine = memoryEngine(store, { entropy: clock });
  const account = await openIn(engine);
  await fill(account, clock, 'INBOX', started);
  await account.settle();
  for (let i = 0; i < doublings; i++) await commit(account, copyMessages('copy', inboxId, everyUid, 'INBOX'));
  assert.equal(account.state.mailboxes.get(inboxId)!.exists, rows);
  const everySecond = UidSet.of(Array.from({ length: rows / 2 }, (_, i) => i * 2 + 1));
  const nothing = async () => undefined;
  const changes: Record<string, () => Promise<void>> = {
    'all of it': nothing,
    'flags of all': () => commit(account, storeFlags(inboxId, everyUid, 'add', ['\\Flagged'])),
    'every second one expunged': () => commit(account, expungeMessages(inboxId, everySecond)),
    'the others expunged': () => commit(account, expungeMessages(inboxId, everyUid)),
  };
  for (const [what, change] of Object.entries(changes)) {
    await change();
    await account.settle();
    Object.assign(pace, { since: 0, most: 0, total: 0 });
    const { most, turns } = await watchTurns(counts, () => account.compact());
    assert.ok(pace.total >= rows / 2, `${what}: ${pace.total} values are counted`);
    assert.ok(pace.most < 2 * atOnce, `${what}: ${pace.most} values in one go`);
    assert.ok(turns >= pace.total / (2 * atOnce), `${what}: ${turns} turns`);
    // A row is looked at through seven columns.
    assert.ok(
      most.looks! <= 7 * 2 * atOnce,
      `${what}: columns were looked at ${most.looks} times in one turn`,
    );
  }
});
