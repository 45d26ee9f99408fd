import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { expungeDeleted, expungeMessages, storeFlags } from '../../shared/engine/actions.ts';
import { applyOperations } from '../../shared/engine/apply.ts';
import { referencedMessages, restorableRows } from '../../shared/engine/apply-departures.ts';
import { everyUid, vanishedSince } from '../../shared/engine/mailbox.ts';
import { createMailbox, deleteMailbox, setLimit } from '../../shared/engine/mailbox-actions.ts';
import { restorable, restoreMessages } from '../../shared/engine/restore.ts';
import { rowsOf } from '../../shared/engine/rows.ts';
import { type AccountState, inboxId } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import type { LogPosition } from '../../shared/ids.ts';
import { localEngine } from '../support/local-engine.ts';
import { assertReadable, deliver, sampleMessage, subjects } from '../support/mail.ts';
import { hour, testClock } from '../support/test-clock.ts';
import { logs, replay } from './random-operations.ts';

const all = { since: 0, quota: 'respected' } as const;
const inbox = (state: AccountState) => state.mailboxes.get(inboxId)!;

test('expunged messages come back with new UIDs, their flags and dates, in their old order', async () => {
  const { account: make, store } = await localEngine();
  const account = await make();
  for (let n = 1; n <= 4; n++)
    await deliver(account, n, { flags: ['\\Flagged', 'kept'], internalDate: 1000 + n });
  await account.commit(expungeMessages(inboxId, UidSet.of([3])));
  await account.commit(expungeMessages(inboxId, UidSet.of([1, 2])));
  const back = await account.commit(restoreMessages(all));
  assert.ok(back.ok);
  assert.deepEqual(
    back.value.map(({ name, messages }) => [name, messages]),
    [['INBOX', 3]],
  );
  const rows = [...rowsOf(inbox(account.state).chunks)];
  assert.deepEqual(
    rows.map((r) => [r.uid, r.internalDate]),
    [
      [4, 1004],
      [5, 1001],
      [6, 1002],
      [7, 1003],
    ],
  );
  for (const row of rows) assert.deepEqual(account.state.flags.set(row.flags).flags, ['\\Flagged', 'kept']);
  await assertReadable(account, store.blobs);
});

test('the UIDs that left stay gone for VANISHED, and nothing is restored twice', async () => {
  const { account: make } = await localEngine();
  const account = await make();
  for (let n = 1; n <= 3; n++) await deliver(account, n);
  const before = account.state.position;
  await account.commit(expungeMessages(inboxId, everyUid));
  assert.ok((await account.commit(restoreMessages(all))).ok);
  assert.equal(vanishedSince(inbox(account.state), before).toString(), '1:3');
  const position = account.state.position;
  const again = await account.commit(restoreMessages(all));
  assert.ok(again.ok && again.value.length === 0);
  assert.equal(account.state.position, position);
});

test('a restored message is not marked \\Deleted: the next EXPUNGE would take it away again', async () => {
  const { account: make } = await localEngine();
  const account = await make();
  await deliver(account, 1, { flags: ['\\Seen'] });
  await account.commit(storeFlags(inboxId, everyUid, 'add', ['\\Deleted']));
  await account.commit(expungeDeleted(inboxId, everyUid));
  await account.commit(restoreMessages(all));
  assert.equal(inbox(account.state).deleted, 0);
  await account.commit(expungeDeleted(inboxId, everyUid));
  assert.equal(inbox(account.state).exists, 1);
});

test('only what left since a time comes back, and only in the mailbox named', async () => {
  const clock = testClock();
  const { account: make } = await localEngine({ entropy: clock });
  const account = await make();
  for (let n = 1; n <= 3; n++) await deliver(account, n);
  await deliver(account, 9, { mailbox: 'Archive' });
  await account.commit(expungeMessages(inboxId, UidSet.of([1])));
  clock.advance(hour);
  const since = Math.floor(clock.now() / 1000);
  await account.commit(expungeMessages(inboxId, UidSet.of([2])));
  await account.commit(expungeMessages(account.state.mailboxes.named('Archive')!.id, everyUid));
  await account.commit(restoreMessages({ ...all, since, mailbox: 'INBOX' }));
  assert.deepEqual(await subjects(account, 'INBOX'), ['message 3', 'message 2']);
  assert.deepEqual(await subjects(account, 'Archive'), []);
  await account.commit(restoreMessages(all));
  assert.deepEqual(await subjects(account, 'INBOX'), ['message 3', 'message 2', 'message 1']);
  assert.deepEqual(await subjects(account, 'Archive'), ['message 9']);
  const none = await account.commit(restoreMessages({ ...all, mailbox: 'Nowhere' }));
  assert.equal(!none.ok && none.error.kind, 'noSuchMailbox');
});

test('a deleted mailbox comes back under its name, with a UIDVALIDITY of its own', async () => {
  const { account: make, store } = await localEngine();
  const account = await make();
  await account.commit(createMailbox('Work/2025'));
  await deliver(account, 1, { mailbox: 'Work/2025' });
  await deliver(account, 2, { mailbox: 'Work/2025' });
  const before = account.state.mailboxes.named('Work/2025')!;
  await account.commit(expungeMessages(before.id, UidSet.of([1])));
  await account.commit(deleteMailbox('Work/2025'));
  await account.commit(deleteMailbox('Work'));
  const back = await account.commit(restoreMessages({ ...all, mailbox: 'Work/2025' }));
  assert.ok(back.ok && back.value[0]!.source === 'deleted');
  const after = account.state.mailboxes.named('Work/2025')!;
  assert.ok(after.uidValidity > before.uidValidity && after.id !== before.id);
  assert.deepEqual(await subjects(account, 'Work/2025'), ['message 1', 'message 2']);
  assert.ok(account.state.mailboxes.named('Work'));
  await assertReadable(account, store.blobs);
});

test('where its name is taken, the messages of a deleted mailbox go to the mailbox that has it', async () => {
  const { account: make } = await localEngine();
  const account = await make();
  for (const n of [1, 2]) {
    await account.commit(createMailbox('Work'));
    await deliver(account, n, { mailbox: 'Work' });
    if (n === 1) await account.commit(deleteMailbox('Work'));
  }
  const { uidValidity } = account.state.mailboxes.named('Work')!;
  await account.commit(restoreMessages(all));
  assert.deepEqual(await subjects(account, 'Work'), ['message 2', 'message 1']);
  assert.equal(account.state.mailboxes.named('Work')!.uidValidity, uidValidity);
});

test('a restore that would exceed the quota brings back nothing, unless the quota is ignored', async () => {
  const { account: make } = await localEngine();
  const account = await make();
  for (let n = 1; n <= 2; n++) await deliver(account, n);
  await account.commit(expungeMessages(inboxId, everyUid));
  await account.commit(setLimit(sampleMessage(1).length + 1));
  const refused = await account.commit(restoreMessages(all));
  assert.equal(!refused.ok && refused.error.kind, 'overQuota');
  assert.equal(inbox(account.state).exists, 0);
  assert.ok((await account.commit(restoreMessages({ ...all, quota: 'ignored' }))).ok);
  assert.equal(inbox(account.state).exists, 2);
});

test('restoring everything leaves nothing to restore, and loses no message', () =>
  fc.assert(
    fc.property(logs, (entries) => {
      const state = replay(entries);
      const plan = restorable(state, { since: 0 });
      const at = { position: (state.position + 1) as LogPosition, time: state.time, rules: 1 };
      const after = applyOperations(
        state,
        at,
        plan.map(({ mailbox }) => ({ kind: 'restore', mailbox, expungedSince: 0 })),
      ).state;
      const sum = (pick: (each: (typeof plan)[number]) => number) =>
        plan.reduce((total, each) => total + pick(each), 0);
      assert.equal(after.usage.messages, state.usage.messages + sum((each) => each.messages));
      assert.equal(after.usage.bytes, state.usage.bytes + sum((each) => each.bytes));
      assert.deepEqual(new Set(referencedMessages(after)), new Set(referencedMessages(state)));
      assert.deepEqual(restorable(after, { since: 0 }), []);
      assert.equal(after.removedMailboxes.length, 0);
      for (const mailbox of after.mailboxes) assert.deepEqual([...restorableRows(mailbox)], []);
    }),
  ));
