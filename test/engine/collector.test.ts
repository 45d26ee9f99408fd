import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Account } from '../../shared/engine/account.ts';
import { appendMessages, expungeMessages } from '../../shared/engine/actions.ts';
import { collectRemovedAccount, sweepOrphans } from '../../shared/engine/collector.ts';
import { everyUid } from '../../shared/engine/mailbox.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { accountPrefix, messageKey, objectKey } from '../../shared/ids.ts';
import type { AccountLog } from '../../shared/ports/account-log.ts';
import type { BlobStore } from '../../shared/ports/blob-store.ts';
import { localEngine } from '../support/local-engine.ts';
import { assertReadable, deliver, keysUnder, sampleMessage } from '../support/mail.ts';
import { day, testClock } from '../support/test-clock.ts';

async function orphan(account: Account) {
  const staged = await account.stage(sampleMessage(99));
  assert.ok(staged.ok);
  return messageKey(account.id, staged.value.emailId);
}

test('an orphan is only swept after 30 days', async () => {
  const clock = testClock();
  const { account: make, store, engine } = await localEngine({ entropy: clock });
  const account = await make();
  await deliver(account, 1);
  const key = await orphan(account);
  clock.advance(30 * day);
  assert.equal((await sweepOrphans(account, engine.parts)).objects, 0);
  assert.ok(await store.blobs.get(key));
  clock.advance(1000);
  const swept = await sweepOrphans(account, engine.parts);
  assert.deepEqual(swept, { objects: 1, bytes: sampleMessage(99).length });
  assert.equal(await store.blobs.get(key), undefined);
  await assertReadable(account, store.blobs);
});

test('a sweep lists before it reads the state: what is committed in between is in use', async () => {
  const clock = testClock();
  const one = await localEngine({ entropy: clock });
  const account = await one.account();
  const staged = await account.stage(sampleMessage(1));
  assert.ok(staged.ok);
  const calls: string[] = [];
  const blobs: BlobStore = {
    put: (key, body) => one.store.blobs.put(key, body),
    get: (key, range) => one.store.blobs.get(key, range),
    delete: (keys) => one.store.blobs.delete(keys),
    list: async (prefix, after) => {
      const page = await one.store.blobs.list(prefix, after);
      if (prefix.endsWith('/m/') && after === undefined) {
        calls.push('listed');
        // Another process names the blob now, which the account swept here has not heard of.
        const request = { message: staged.value, flags: [], internalDate: 1 };
        assert.ok((await account.commit(appendMessages('INBOX', [request]))).ok);
      }
      return page;
    },
  };
  const log: AccountLog = {
    append: (request) => one.store.log.append(request),
    readEnd: (id) => one.store.log.readEnd(id),
    moveHead: (id, head) => one.store.log.moveHead(id, head),
    trim: (id, upTo) => one.store.log.trim(id, upTo),
    drop: (id) => one.store.log.drop(id),
    read: (id, after) => {
      calls.push('read');
      return one.store.log.read(id, after);
    },
  };
  const late = testClock(clock.now() + 31 * day);
  const two = await localEngine({ log, blobs, entropy: late });
  const opened = await two.engine.open(account.id);
  assert.ok(opened.ok);
  calls.length = 0;
  assert.equal((await sweepOrphans(opened.value.account, two.engine.parts)).objects, 0);
  assert.deepEqual(calls.slice(0, 2), ['listed', 'read']);
  await assertReadable(account, one.store.blobs);
});

test('what a crash between a purge and its deletions left is an orphan', async () => {
  const clock = testClock();
  const { account: make, store, engine } = await localEngine({ entropy: clock });
  const account = await make();
  for (let n = 1; n <= 3; n++) await deliver(account, n);
  await account.commit(expungeMessages(inboxId, everyUid));
  clock.advance(31 * day);
  assert.equal((await sweepOrphans(account, engine.parts)).objects, 0, 'restorable messages are in use');
  const cutoff = Math.floor(clock.now() / 1000);
  await account.commit(() => ({
    ok: true,
    value: { operations: [{ kind: 'purge', expungedBefore: cutoff }], answer: () => undefined },
  }));
  assert.equal((await sweepOrphans(account, engine.parts)).objects, 3);
  assert.deepEqual(await keysUnder(store.blobs, `${accountPrefix(account.id)}m/`), []);
});

test('pieces of snapshots and spill objects are swept when neither head nor log names them', async () => {
  const clock = testClock();
  const {
    account: make,
    store,
    engine,
  } = await localEngine({
    entropy: clock,
    inlineBytes: 400,
    replacedLifetime: 40 * day,
  });
  const account = await make();
  const prefix = accountPrefix(account.id);
  const deliverMany = async (from: number) => {
    const staged = await Promise.all([0, 1, 2, 3].map((n) => account.stage(sampleMessage(from + n))));
    const requests = staged.map((s) => {
      assert.ok(s.ok);
      return { message: s.value, flags: [], internalDate: 1 };
    });
    assert.ok((await account.commit(appendMessages('INBOX', requests))).ok);
  };
  await deliverMany(1);
  await account.compact();
  await deliverMany(5);
  await account.compact();
  await deliverMany(9);
  const used = await keysUnder(store.blobs, prefix);
  assert.ok(used.some((key) => key.startsWith(`${prefix}s/`)));
  const garbage = ['i', 'h', 't', 'x', 's'].map((kind) => objectKey(account.id, kind, clock));
  for (const key of garbage) await store.blobs.put(key, Buffer.from('left by a crash'));
  clock.advance(31 * day);
  assert.equal((await sweepOrphans(account, engine.parts)).objects, garbage.length);
  assert.deepEqual(await keysUnder(store.blobs, prefix), used, 'what is named stays, replaced objects too');
  await deliverMany(13);
  await account.compact();
  clock.advance(2 * day);
  await deliverMany(17);
  await account.compact();
  assert.equal((await sweepOrphans(account, engine.parts)).objects, 0, 'spills of trimmed entries as well');
  const reader = await (await localEngine({ log: store.log, blobs: store.blobs })).account(account.id);
  await assertReadable(reader, store.blobs);
  assert.equal(reader.state.mailboxes.get(inboxId)!.exists, 20);
});

test('in doubt a sweep deletes nothing', async () => {
  const clock = testClock();
  const { account: make, store, engine } = await localEngine({ entropy: clock });
  const account = await make();
  await deliver(account, 1);
  await account.compact();
  await orphan(account);
  clock.advance(31 * day);
  const ids = await keysUnder(store.blobs, `${accountPrefix(account.id)}h/`);
  await store.blobs.delete(ids);
  const before = await keysUnder(store.blobs, accountPrefix(account.id));
  const reader = await (
    await localEngine({ ...engine.parts, log: store.log, blobs: store.blobs })
  ).engine.open(account.id);
  assert.ok(reader.ok);
  await assert.rejects(sweepOrphans(reader.value.account, engine.parts));
  assert.deepEqual(await keysUnder(store.blobs, accountPrefix(account.id)), before);
});

test('a removed account leaves nothing, and a late append to it fails', async () => {
  const { account: make, store, engine } = await localEngine();
  const [account, other] = [await make(), await make()];
  for (let n = 1; n <= 3; n++) await deliver(account, n);
  await account.compact();
  await deliver(other, 1);
  const collected = await collectRemovedAccount(account.id, engine.parts);
  assert.ok(collected.done && collected.objects >= 6);
  assert.deepEqual(await keysUnder(store.blobs, accountPrefix(account.id)), []);
  assert.deepEqual(await store.log.read(account.id, 0 as never), {
    head: undefined,
    entries: [],
    more: false,
  });
  const staged = await account.stage(sampleMessage(4));
  assert.ok(staged.ok);
  const late = await account.commit(
    appendMessages('INBOX', [{ message: staged.value, flags: [], internalDate: 1 }]),
  );
  assert.ok(!late.ok);
  await assertReadable(other, store.blobs);
});
