import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runPass } from '../../services/maintenance/pass.ts';
import type { Account } from '../../shared/engine/account.ts';
import { expungeMessages } from '../../shared/engine/actions.ts';
import { everyUid } from '../../shared/engine/mailbox.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { accountPrefix, type LogPosition, outboxAccount } from '../../shared/ids.ts';
import type { BlobStore } from '../../shared/ports/blob-store.ts';
import { assertReadable, deliver, keysUnder, sampleMessage } from '../support/mail.ts';
import { day, hour } from '../support/test-clock.ts';
import { type Installation, installation } from './harness.ts';

const task = (change: Partial<Parameters<typeof runPass>[1]> = {}) => ({
  retention: 14 * day,
  sweep: false,
  concurrency: 1,
  stop: new AbortController().signal,
  ...change,
});

const messagesOf = async ({ store }: Installation, account: Account) =>
  (await keysUnder(store.blobs, `${accountPrefix(account.id)}m/`)).length;

test('a pass purges what was expunged longer ago than the retention says, of every account', async () => {
  const here = await installation();
  const accounts = [await here.account(), await here.account()];
  for (const account of accounts) {
    for (let n = 1; n <= 3; n++) await deliver(account, n);
    await account.commit(expungeMessages(inboxId, everyUid));
  }
  here.clock.advance(13 * day);
  for (const account of accounts) await deliver(account, 4);
  assert.equal((await runPass(here.parts, task())).purged, 0);
  here.clock.advance(day);
  const report = await runPass(here.parts, task());
  assert.equal(report.purged, 6);
  assert.equal(report.failures, 0);
  for (const account of accounts) {
    assert.equal(await messagesOf(here, account), 1);
    await assertReadable(account, here.store.blobs);
  }
  assert.equal((await runPass(here.parts, task())).purged, 0);
});

test('orphans are swept only where the pass is told to', async () => {
  const here = await installation();
  const account = await here.account();
  await deliver(account, 1);
  assert.ok((await account.stage(sampleMessage(2))).ok);
  here.clock.advance(31 * day);
  assert.equal((await runPass(here.parts, task())).swept, 0);
  const report = await runPass(here.parts, task({ sweep: true }));
  assert.deepEqual([report.swept, report.bytes], [1, sampleMessage(2).length]);
  await assertReadable(account, here.store.blobs);
});

test('an idle account with a long tail is folded, once; a short tail and a busy account are left alone', async () => {
  const here = await installation();
  const [long, short, busy] = [await here.account(), await here.account(), await here.account()];
  for (let n = 1; n <= 20; n++) await deliver(long, n);
  await deliver(short, 1);
  for (let n = 1; n <= 20; n++) await deliver(busy, n);
  here.clock.advance(7 * hour);
  await deliver(busy, 21);
  assert.equal((await runPass(here.parts, task())).compacted, 1);
  assert.equal(long.snapshot?.state.position, long.state.position);
  assert.equal(short.snapshot, undefined);
  assert.equal(busy.snapshot, undefined);
  assert.equal((await runPass(here.parts, task())).compacted, 0);
});

test('folded entries and replaced objects go a day after the next snapshot, without another compaction', async () => {
  const here = await installation();
  const account = await here.account();
  for (let n = 1; n <= 3; n++) await deliver(account, n);
  await account.compact();
  const folded = account.state.position;
  const replaced = account.snapshot!.manifest;
  for (let n = 4; n <= 6; n++) await deliver(account, n);
  await account.compact();
  here.clock.advance(23 * hour);
  assert.equal((await runPass(here.parts, task())).trimmed, 0);
  here.clock.advance(2 * hour);
  assert.equal((await runPass(here.parts, task())).trimmed, 1);
  assert.equal(await here.store.blobs.get(replaced), undefined);
  const { entries } = await here.store.log.read(account.id, (folded - 1) as LogPosition);
  assert.notEqual(entries[0]?.position, folded);
  await assertReadable(account, here.store.blobs);
  assert.equal((await runPass(here.parts, task())).trimmed, 0, 'what is gone is not deleted again');
});

test('of a removed account nothing is left, and others keep theirs', async () => {
  const here = await installation();
  const [gone, stays] = [await here.account(), await here.account()];
  for (const account of [gone, stays]) await deliver(account, 1);
  assert.ok((await here.store.directory.removeAccount(gone.id, 0)).ok);
  const report = await runPass(here.parts, task());
  assert.deepEqual([report.removed, report.accounts], [1, 1]);
  assert.deepEqual(await keysUnder(here.store.blobs, accountPrefix(gone.id)), []);
  assert.deepEqual(here.store.removedAccounts(), []);
  await assertReadable(stays, here.store.blobs);
});

test('an account that fails is told and counted, and the others are done', async () => {
  const broken = { prefix: '-' };
  const here = await installation();
  const [first, second] = [await here.account(), await here.account()];
  for (const account of [first, second]) {
    await deliver(account, 1);
    assert.ok((await account.stage(sampleMessage(2))).ok);
  }
  broken.prefix = accountPrefix(first.id);
  here.clock.advance(31 * day);
  const { blobs } = here.store;
  const failing: BlobStore = {
    put: (key, body) => blobs.put(key, body),
    get: (key, range) => blobs.get(key, range),
    delete: (keys) => blobs.delete(keys),
    list: async (prefix, after) => {
      if (prefix.startsWith(broken.prefix)) throw new Error('the disk is at fault');
      return blobs.list(prefix, after);
    },
  };
  Object.assign(here.engine.parts, { blobs: failing });
  const report = await runPass(here.parts, task({ sweep: true }));
  assert.deepEqual([report.accounts, report.failures, report.swept], [2, 1, 1]);
  assert.deepEqual(
    here.events('maintenance.failed').map(({ account, step }) => [account, step]),
    [[first.id, 'sweep']],
  );
});

test('no more accounts are worked on at once than asked for, and every one is visited once', async () => {
  const here = await installation();
  const accounts: Account[] = [];
  for (let i = 0; i < 7; i++) accounts.push(await here.account());
  const { open } = here.engine;
  const visited: string[] = [];
  let most = 0;
  let now = 0;
  here.engine.open = async (...asked) => {
    most = Math.max(most, ++now);
    visited.push(asked[0]);
    const opened = await open.call(here.engine, ...asked);
    if (!opened.ok) return opened;
    const { account, release } = opened.value;
    const done = () => {
      now--;
      release();
    };
    return { ok: true, value: { account, release: done } };
  };
  await runPass(here.parts, task({ concurrency: 3 }));
  assert.equal(most, 3);
  assert.deepEqual(visited.sort(), [outboxAccount, ...accounts.map(({ id }) => id)].sort());
});

test('accounts that only the pass opened are let go again', async () => {
  const here = await installation();
  const account = await here.account();
  const opened = await here.engine.open(account.id, 'passing');
  assert.ok(opened.ok && opened.value.account === account, 'what people have open is shared');
  opened.value.release();
  const other = await installation();
  const unused = (await other.account()).id;
  await other.engine.close();
  const passing = await other.engine.open(unused, 'passing');
  assert.ok(passing.ok);
  passing.value.release();
  const again = await other.engine.open(unused);
  assert.ok(again.ok && again.value.account !== passing.value.account);
});

test('a pass that is stopped ends after the account it is at', async () => {
  const here = await installation();
  for (let i = 0; i < 4; i++) await here.account();
  const stop = new AbortController();
  const { open } = here.engine;
  here.engine.open = (...asked) => {
    stop.abort();
    return open.call(here.engine, ...asked);
  };
  assert.equal((await runPass(here.parts, task({ stop: stop.signal }))).accounts, 1);
});
