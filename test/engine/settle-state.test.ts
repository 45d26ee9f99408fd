import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Entry } from '../../shared/engine/entry.ts';
import type { Operation } from '../../shared/engine/operation.ts';
import { settleState } from '../../shared/engine/settle-state.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import { newEmailId, systemEntropy } from '../../shared/ids.ts';
import { digest, replay } from './random-operations.ts';
import { StateStore } from './stored-state.ts';

const append = (): Operation => ({
  kind: 'append',
  mailbox: inboxId,
  message: {
    emailId: newEmailId(systemEntropy),
    size: 10,
    internalDate: 1,
    flags: [],
    record: new Uint8Array(),
  },
});
const expunge = (uid: number): Operation => ({
  kind: 'expunge',
  mailbox: inboxId,
  uids: UidSet.ofRanges([[uid, uid]]),
});

/** One entry for each group, a second apart from 1,000 on. */
const logOf = (...groups: Operation[][]): Entry[] =>
  groups.map((operations, i) => ({
    position: (i + 1) as Entry['position'],
    rules: 1,
    writer: '0011223344556677',
    time: (1000 + i) * 1000,
    usage: { bytes: 0, messages: 0 },
    limit: undefined,
    operations,
  }));

test('a purge that comes while a snapshot is written, of history that is not loaded, is not lost', async () => {
  const log = logOf(
    [{ kind: 'create', name: 'INBOX' }, append(), append(), append()],
    [expunge(1)],
    [append()],
    [expunge(2)],
    [{ kind: 'purge', expungedBefore: 1001 }],
    [append()],
  );
  const store = new StateStore();
  const first = await store.store(replay(log.slice(0, 2)));
  const captured = await store.replay(log.slice(2, 3), first);
  const stored = await store.store(captured);
  const later = await store.replay(log.slice(3), captured);
  for (const state of [settleState(later, stored), await store.replay(log.slice(3), stored)]) {
    assert.equal(digest(await store.whole(state)), digest(replay(log)));
    // And once more: what was settled is stored anew, the purge included.
    const again = await store.store(state);
    assert.equal(digest(await store.whole(again)), digest(replay(log)));
  }
});

test('a delivery, a new mailbox and a renaming need no rows; changing flags needs those of its mailbox alone', async () => {
  const log = logOf(
    [{ kind: 'create', name: 'INBOX' }, { kind: 'create', name: 'a' }, append(), append()],
    [append()],
    [{ kind: 'create', name: 'b' }],
    [{ kind: 'rename', from: 'a', to: 'c' }],
    [{ kind: 'flags', mailbox: inboxId, uids: UidSet.ofRanges([[1, 2]]), mode: 'add', flags: ['\\Seen'] }],
  );
  const store = new StateStore();
  const stored = await store.store(replay(log.slice(0, 1)));
  const { gets } = store.blobs.counts;
  const state = await store.replay(log.slice(1, 4), stored);
  assert.equal(store.blobs.counts.gets, gets);
  assert.equal(state.mailboxes.get(inboxId)!.exists, 3);
  await store.replay(log.slice(4), state);
  assert.equal(store.blobs.counts.gets, gets + 1);
});
