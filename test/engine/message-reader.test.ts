import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Account } from '../../shared/engine/account.ts';
import { MessageReader } from '../../shared/engine/message-reader.ts';
import { AccountRebuilt } from '../../shared/engine/object-gone.ts';
import { inboxId } from '../../shared/engine/state.ts';

test('what was read while the account was rebuilt is handed to nobody, and nothing is read afterwards', async () => {
  const state = { modSeqBase: 0, mailboxes: new Map([[inboxId, { uidValidity: 1 }]]) };
  const reads: (() => void)[] = [];
  const account = {
    id: 'a',
    state,
    emailIds: () => new Promise((resolve) => reads.push(() => resolve(['another message']))),
  } as unknown as Account;
  const reader = new MessageReader(account, { id: inboxId, uidValidity: 1 });
  const reading = reader.emailIds([1]);
  assert.equal(reader.isCurrent, true);
  state.modSeqBase = 1000;
  reads[0]!();
  await assert.rejects(reading, AccountRebuilt);
  await assert.rejects(reader.emailIds([1]), AccountRebuilt);
  assert.equal(reads.length, 1);
});

test('a reader that is made for a mailbox of the epoch before reads nothing', async () => {
  const state = { modSeqBase: 1000, mailboxes: new Map([[inboxId, { uidValidity: 2 }]]) };
  const reader = new MessageReader({ id: 'a', state } as unknown as Account, { id: inboxId, uidValidity: 1 });
  assert.equal(reader.isCurrent, false);
  await assert.rejects(reader.records([1]), AccountRebuilt);
});
