import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Account } from '../../shared/engine/account.ts';
import { sweepOrphans } from '../../shared/engine/collector.ts';
import { trimFolded } from '../../shared/engine/trim.ts';
import { accountPrefix, type LogPosition } from '../../shared/ids.ts';
import type { AccountLog } from '../../shared/ports/account-log.ts';
import { localEngine } from '../support/local-engine.ts';
import { assertReadable, deliver, keysUnder } from '../support/mail.ts';
import { day, testClock } from '../support/test-clock.ts';

/** The entry after the first, unless it is trimmed: a reader at the first may still ask for it. */
async function secondEntry(account: Account, log: AccountLog) {
  const { entries } = await log.read(account.id, 1 as LogPosition);
  return entries.find(({ position }) => position === 2);
}

test('what an entry spilled outlives its fold as long as other replaced objects do', async () => {
  const clock = testClock();
  const replacedLifetime = 35 * day;
  const {
    account: make,
    store,
    engine,
  } = await localEngine({ entropy: clock, inlineBytes: 100, replacedLifetime });
  const account = await make();
  const spills = () => keysUnder(store.blobs, `${accountPrefix(account.id)}s/`);
  const tend = async () => {
    await account.catchUp();
    await trimFolded(account, engine.parts);
    await sweepOrphans(account, engine.parts);
  };
  await deliver(account, 1);
  const early = await spills();
  assert.ok(early.length > 0);
  // It lies unfolded for long, and its entry is trimmed soon after the fold.
  clock.advance(60 * day);
  await account.catchUp();
  await account.compact();
  const folded = clock.now();
  assert.ok(await secondEntry(account, store.log));
  await deliver(account, 2);
  clock.advance(day);
  await account.catchUp();
  await account.compact();
  clock.advance(day + 1);
  await tend();
  assert.equal(await secondEntry(account, store.log), undefined, 'it is trimmed');
  const there = async () => new Set(await spills());
  clock.advance(folded + replacedLifetime - clock.now() - 1);
  await tend();
  for (const key of early) assert.ok((await there()).has(key), 'a table of before the fold needs it');
  clock.advance(1);
  await tend();
  for (const key of early) assert.ok(!(await there()).has(key), 'nobody needs it any more');
  await assertReadable(account, store.blobs);
});

test('what an entry spilled stays while the entry does, however long ago that was folded', async () => {
  const clock = testClock();
  const { account: make, store, engine } = await localEngine({ entropy: clock, inlineBytes: 100 });
  const account = await make();
  await deliver(account, 1);
  await account.compact();
  const spills = await keysUnder(store.blobs, `${accountPrefix(account.id)}s/`);
  clock.advance(100 * day);
  await account.catchUp();
  await trimFolded(account, engine.parts);
  await sweepOrphans(account, engine.parts);
  assert.ok(await secondEntry(account, store.log), 'it is folded, and there');
  assert.deepEqual(await keysUnder(store.blobs, `${accountPrefix(account.id)}s/`), spills);
  await deliver(account, 2);
  await account.compact();
  clock.advance(day);
  await account.catchUp();
  await trimFolded(account, engine.parts);
  assert.equal(await secondEntry(account, store.log), undefined);
  for (const key of spills) assert.equal(await store.blobs.get(key), undefined);
});
