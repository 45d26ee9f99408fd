import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Account } from '../../shared/engine/account.ts';
import { copyMessages, expungeMessages } from '../../shared/engine/actions.ts';
import { everyUid } from '../../shared/engine/mailbox.ts';
import { createMailbox, deleteMailbox } from '../../shared/engine/mailbox-actions.ts';
import { restoreMessages } from '../../shared/engine/restore.ts';
import { oldestDeparture, purgeExpunged } from '../../shared/engine/retention.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import { accountPrefix } from '../../shared/ids.ts';
import type { AccountLog } from '../../shared/ports/account-log.ts';
import type { BlobStore } from '../../shared/ports/blob-store.ts';
import { localEngine } from '../support/local-engine.ts';
import { assertReadable, deliver, keysUnder } from '../support/mail.ts';
import { day, testClock } from '../support/test-clock.ts';

const messages = async (account: Account, blobs: BlobStore) =>
  (await keysUnder(blobs, `${accountPrefix(account.id)}m/`)).length;

async function withExpunged(change: Parameters<typeof localEngine>[0] = {}) {
  const clock = testClock();
  const local = await localEngine({ entropy: clock, ...change });
  const account = await local.account();
  for (let n = 1; n <= 4; n++) await deliver(account, n);
  await account.commit(copyMessages('copy', inboxId, UidSet.of([2]), 'Archive'));
  await account.commit(expungeMessages(inboxId, UidSet.of([1, 2])));
  const cutoff = () => Math.floor((clock.now() - 14 * day) / 1000);
  return { ...local, clock, account, cutoff };
}

test('what was expunged is restorable until the retention period is over, and purged then', async () => {
  const { account, store, engine, clock, cutoff } = await withExpunged();
  clock.advance(13 * day);
  const early = await purgeExpunged(account, engine.parts, cutoff());
  assert.ok(early.ok && early.value.messages === 0);
  assert.equal(await messages(account, store.blobs), 4);
  clock.advance(day);
  const purged = await purgeExpunged(account, engine.parts, cutoff());
  assert.ok(purged.ok && purged.value.messages === 1);
  // Message 2 lives on as a copy.
  assert.equal(await messages(account, store.blobs), 3);
  await assertReadable(account, store.blobs);
  const back = await account.commit(restoreMessages({ since: 0, quota: 'respected' }));
  assert.ok(back.ok && back.value.length === 0);
});

test('where nothing is due, no entry is written', async () => {
  const { account, engine, clock, cutoff } = await withExpunged();
  const { position } = account.state;
  await purgeExpunged(account, engine.parts, cutoff());
  clock.advance(15 * day);
  await purgeExpunged(account, engine.parts, cutoff());
  await purgeExpunged(account, engine.parts, cutoff());
  assert.equal(account.state.position, position + 1);
  assert.equal(oldestDeparture(account.state), undefined);
});

test('a deleted mailbox is purged with its messages, also those expunged from it before', async () => {
  const { account, store, engine, clock, cutoff } = await withExpunged();
  await account.commit(createMailbox('Old'));
  for (let n = 5; n <= 7; n++) await deliver(account, n, { mailbox: 'Old' });
  const old = account.state.mailboxes.named('Old')!;
  await account.commit(expungeMessages(old.id, UidSet.of([1])));
  clock.advance(7 * day);
  await account.commit(deleteMailbox('Old'));
  clock.advance(7 * day);
  const first = await purgeExpunged(account, engine.parts, cutoff());
  assert.ok(first.ok && first.value.messages === 2);
  clock.advance(7 * day);
  const second = await purgeExpunged(account, engine.parts, cutoff());
  assert.ok(second.ok && second.value.messages === 2);
  assert.equal(account.state.removedMailboxes.length, 0);
  assert.equal(await messages(account, store.blobs), 3);
  await assertReadable(account, store.blobs);
});

test('compaction before and after a purge changes nothing of it', async () => {
  const { account, store, engine, clock, cutoff } = await withExpunged();
  await account.compact();
  clock.advance(15 * day);
  const purged = await purgeExpunged(account, engine.parts, cutoff());
  assert.ok(purged.ok && purged.value.messages === 1);
  await account.compact();
  const reader = await (await localEngine({ log: store.log, blobs: store.blobs })).account(account.id);
  await assertReadable(reader, store.blobs);
  assert.equal(await messages(account, store.blobs), 3);
});

test('purge without an entry deletes nothing', async () => {
  const one = await withExpunged();
  one.clock.advance(15 * day);
  for (const fault of ['refused', 'lost'] as const) {
    const log: AccountLog = {
      read: (account, after) => one.store.log.read(account, after),
      readEnd: (id) => one.store.log.readEnd(id),
      moveHead: (account, head) => one.store.log.moveHead(account, head),
      trim: (account, upTo) => one.store.log.trim(account, upTo),
      drop: (account) => one.store.log.drop(account),
      append: async () => {
        if (fault === 'refused') throw new Error('no');
        return { kind: 'unknown', cause: 'lost' };
      },
    };
    const deleted: string[] = [];
    const blobs: BlobStore = {
      put: (key, body) => one.store.blobs.put(key, body),
      get: (key, range) => one.store.blobs.get(key, range),
      list: (prefix, after) => one.store.blobs.list(prefix, after),
      delete: async (keys) => void deleted.push(...keys),
    };
    const sleep = async (ms: number) => one.clock.advance(Math.max(ms, 1000));
    const two = await localEngine({ log, blobs, entropy: one.clock, sleep });
    const opened = await two.engine.open(one.account.id);
    assert.ok(opened.ok);
    const outcome = await purgeExpunged(opened.value.account, two.engine.parts, one.cutoff());
    assert.ok(!outcome.ok);
    assert.deepEqual(deleted, []);
  }
  assert.equal(await messages(one.account, one.store.blobs), 4);
});

test('a restore that comes first keeps its messages: a purge decides on the state it meets', async () => {
  const { account, store, engine, clock, cutoff } = await withExpunged();
  clock.advance(15 * day);
  const other = await (await localEngine({ log: store.log, blobs: store.blobs, entropy: clock })).account(
    account.id,
  );
  const [restored, purged] = await Promise.all([
    other.commit(restoreMessages({ since: 0, quota: 'respected' })),
    purgeExpunged(account, engine.parts, cutoff()),
  ]);
  assert.ok(restored.ok && purged.ok);
  await account.catchUp();
  await assertReadable(account, store.blobs);
  assert.equal(
    account.state.mailboxes.get(inboxId)!.exists,
    2 + restored.value.reduce((sum, r) => sum + r.messages, 0),
  );
  await account.commit(expungeMessages(inboxId, everyUid));
  await assertReadable(account, store.blobs);
});
