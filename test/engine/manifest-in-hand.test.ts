import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Account } from '../../shared/engine/account.ts';
import { appendMessages, copyMessages, expungeMessages, storeFlags } from '../../shared/engine/actions.ts';
import type { Mailbox } from '../../shared/engine/mailbox.ts';
import { createMailbox, deleteMailbox } from '../../shared/engine/mailbox-actions.ts';
import { encodeManifest, type Manifest } from '../../shared/engine/snapshot.ts';
import { loadSnapshot } from '../../shared/engine/snapshot-loader.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import { requests } from '../budgets/big-account.ts';
import { memoryEngine, memoryStore, openIn } from '../support/memory-engine.ts';
import { day, testClock } from '../support/test-clock.ts';
import { busyLogs, replay } from './random-operations.ts';
import { StateStore } from './stored-state.ts';

/** All that can be seen of a manifest: what its objects hold privately, as what they say. */
function seen({ state, objects, messages, pastHeads, replaced }: Manifest) {
  const mailbox = ({ hiddenFromPop3, history, ...fields }: Mailbox) => ({
    ...fields,
    hidden: String(hiddenFromPop3),
    history: { ...history, departures: [...history.departures] },
  });
  return {
    objects,
    messages,
    pastHeads,
    replaced,
    state: {
      ...state,
      mailboxes: Array.from(state.mailboxes, mailbox),
      removedMailboxes: Array.from(state.removedMailboxes, (r) => [r.time, mailbox(r.mailbox)]),
      deliveries: [...state.deliveries.live(Math.floor(state.time / 1000))],
      flags: Array.from({ length: state.flags.size }, (_, id) => state.flags.set(id)),
    },
  };
}

test('the manifest that a compaction goes on with is what a reader of it gets: whatever became of the account', () =>
  fc.assert(
    fc.asyncProperty(busyLogs, fc.nat(40), async (entries, cut) => {
      const store = new StateStore();
      await store.store(replay(entries.slice(0, cut)));
      await store.store(await store.replay(entries.slice(cut), store.snapshot!.state));
      const { manifest: _, manifestBytes: __, ...read } = store.snapshot!;
      assert.deepStrictEqual(seen(store.inHand!), seen(read));
      assert.deepEqual(await encodeManifest(read), await encodeManifest(store.inHand!));
    }),
    { numRuns: 60 },
  ));

test('the manifest that a compaction goes on with is what a reader of it gets: with headers, texts and copies', async () => {
  const clock = testClock();
  const store = memoryStore(() => clock.now());
  const account = await openIn(memoryEngine(store, { entropy: clock, scatteredBytes: 1024 }));
  const commit = async (decide: Parameters<Account['commit']>[0]) =>
    assert.ok((await account.commit(decide)).ok);
  const bring = async (from: number) =>
    commit(
      appendMessages(
        'INBOX',
        requests(account.id, clock, 700, from).map((r, i) => ({ ...r, deliveryId: `${from + i}` })),
      ),
    );
  const compare = async () => {
    await account.settle();
    await account.compact();
    const inHand = account.snapshot!;
    const read = await loadSnapshot(store.blobs, inHand.manifest);
    assert.deepStrictEqual(seen(inHand), seen(read));
    assert.deepEqual(await encodeManifest(read), await encodeManifest(inHand));
    assert.equal(read.manifestBytes, inHand.manifestBytes);
  };
  await commit(createMailbox('Work'));
  await commit(createMailbox('Short-lived'));
  await bring(0);
  await compare();
  const some = UidSet.of(Array.from({ length: 70 }, (_, i) => i * 10 + 3));
  await commit(copyMessages('move', inboxId, some, 'Work'));
  await commit(storeFlags(inboxId, UidSet.of([1, 2]), 'add', ['\\Flagged', 'mine']));
  await commit(deleteMailbox('Short-lived'));
  await compare();
  clock.advance(31 * day);
  await bring(700);
  await commit(expungeMessages(inboxId, UidSet.of([4, 5])));
  await compare();
  const { messages, replaced, pastHeads, state } = account.snapshot!;
  assert.ok(messages.segments.length > 0 && messages.texts.length > 0 && messages.clusters.length > 0);
  assert.ok(replaced.length > 0 && pastHeads.length > 0 && state.removedMailboxes.length > 0);
});
