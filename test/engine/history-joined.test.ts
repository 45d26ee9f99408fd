import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Account } from '../../shared/engine/account.ts';
import { expungeMessages } from '../../shared/engine/actions.ts';
import type { Decide } from '../../shared/engine/decision.ts';
import { maxDepartures } from '../../shared/engine/departure-list.ts';
import { purgeExpunged } from '../../shared/engine/retention.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { stateDigest } from '../../shared/engine/state-digest.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import { err, ok } from '../../shared/result.ts';
import { fill } from '../budgets/big-account.ts';
import { memoryEngine, memoryStore, openIn } from '../support/memory-engine.ts';
import { day, testClock } from '../support/test-clock.ts';

/** Expunges messages one by one, in one entry. */
const expungeEach =
  (first: number, count: number): Decide<void> =>
  (state, now) => {
    const operations = [];
    for (let uid = first; uid < first + count; uid++) {
      const decided = expungeMessages(inboxId, UidSet.of([uid]))(state, now);
      if (!decided.ok) return err(decided.error);
      operations.push(...decided.value.operations);
    }
    return ok({ operations, answer: () => undefined });
  };

test('a process that still holds what a snapshot has forgotten makes the same of a long history as one that does not', async () => {
  const clock = testClock();
  const store = memoryStore(() => clock.now());
  const holder = await openIn(memoryEngine(store, { entropy: clock }));
  await fill(holder, clock, 'INBOX', maxDepartures + 1001);
  const change = async (account: Account, what: Decide<void>) => assert.ok((await account.commit(what)).ok);
  await change(holder, expungeEach(1, 1000));
  const engine = memoryEngine(store, { entropy: clock });
  assert.ok((await purgeExpunged(holder, engine.parts, Math.floor(clock.now() / 1000))).ok);
  clock.advance(366 * day);
  await holder.catchUp();
  await change(holder, expungeEach(1001, 1));
  await holder.compact();
  const opened = await openIn(engine, holder.id);
  const same = async () => {
    for (const account of [holder, opened]) await account.catchUp();
    assert.equal(stateDigest(await opened.whole()), stateDigest(await holder.whole()));
  };
  await same();
  // With what is forgotten it would be too long now, and its older half become one departure.
  await change(opened, expungeEach(1002, maxDepartures - 500));
  await same();
  const joined = (await holder.whole()).mailboxes.get(inboxId)!;
  assert.equal([...joined.departures].filter(({ uids }) => uids.size > 1).length, 0);
  // And now it is.
  await change(opened, expungeEach(1002 + maxDepartures - 500, 500));
  await same();
  const { departures } = (await holder.whole()).mailboxes.get(inboxId)!;
  assert.equal([...departures].filter(({ uids }) => uids.size > 1).length, 1);
});
