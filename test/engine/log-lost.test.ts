import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LogLost } from '../../shared/engine/engine.ts';
import { initialiseAccount } from '../../shared/engine/mailbox-actions.ts';
import { type AccountId, newAccountId, outboxAccount, systemEntropy } from '../../shared/ids.ts';
import { memoryEngine, memoryStore, openIn } from '../support/memory-engine.ts';

test('an account whose log is lost is refused by every process, and nothing is written in its place', async () => {
  const store = memoryStore();
  const { id } = await openIn(memoryEngine(store));
  await store.log.drop(id);
  const engine = memoryEngine(store);
  for (const use of ['staying', 'passing', 'staying'] as const) {
    const opened = await engine.open(id, use);
    assert.ok(!opened.ok && opened.error.kind === 'unavailable');
    assert.ok(opened.error.cause instanceof LogLost);
    assert.match(opened.error.cause.message, /restante rebuild/);
  }
  const changed = await engine.with(id, (account) => account.commit(initialiseAccount(undefined)));
  assert.ok(!changed.ok && changed.error.kind === 'unavailable');
  assert.deepEqual(await store.log.read(id, 0 as never), { head: undefined, entries: [], more: false });
});

test('an account that is rebuilt after its log was lost opens again', async () => {
  const store = memoryStore();
  const engine = memoryEngine(store);
  const { id } = await openIn(memoryEngine(store));
  await store.log.drop(id);
  assert.ok(!(await engine.open(id)).ok);
  const begun = await engine.with(
    id,
    (account) => account.commit(initialiseAccount(undefined)),
    'perhapsEmpty',
  );
  assert.ok(begun.ok);
  const opened = await engine.open(id);
  assert.ok(opened.ok && opened.value.account.state.mailboxes.named('INBOX') !== undefined);
});

test('the outbox, which no directory has, is opened before anything was posted', async () => {
  assert.ok((await memoryEngine(memoryStore()).open(outboxAccount)).ok);
});

test('an account that could not be opened is not kept, and does not take the place of the one that can', async () => {
  const store = memoryStore();
  const { id } = await openIn(memoryEngine(store));
  const engine = memoryEngine(store, { idleBytes: 1 });
  await store.log.drop(id);
  assert.ok(!(await engine.open(id)).ok);
  const begin = (account: AccountId) =>
    engine.with(account, (opened) => opened.commit(initialiseAccount(undefined)), 'perhapsEmpty');
  assert.ok((await begin(id)).ok);
  const first = await engine.open(id);
  // One more comes to rest, for which the bytes do not suffice.
  assert.ok((await begin(newAccountId(systemEntropy))).ok);
  const second = await engine.open(id);
  assert.ok(first.ok && second.ok);
  assert.equal(first.value.account, second.value.account);
});
