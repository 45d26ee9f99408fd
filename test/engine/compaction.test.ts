import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appendMessages, copyMessages, expungeMessages, storeFlags } from '../../shared/engine/actions.ts';
import { createMailbox } from '../../shared/engine/mailbox-actions.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import type { AccountLog } from '../../shared/ports/account-log.ts';
import type { BlobStore } from '../../shared/ports/blob-store.ts';
import { deliver } from '../support/mail.ts';
import { memoryEngine, memoryStore, openIn } from '../support/memory-engine.ts';
import { day, testClock } from '../support/test-clock.ts';
import { digest } from './random-operations.ts';

class Crash extends Error {}

/** An account with a snapshot behind it and a day's changes since, and the process that folds them. */
async function ground() {
  const clock = testClock();
  const store = memoryStore(() => clock.now());
  const parts = { entropy: clock, replacedLifetime: day };
  const account = await openIn(memoryEngine(store, parts));
  for (let n = 1; n <= 6; n++) await deliver(account, n);
  await account.commit(expungeMessages(inboxId, UidSet.of([2])));
  await account.compact();
  // And once more, so that there is something old to trim and to delete.
  await deliver(account, 7);
  await account.compact();
  clock.advance(2 * day);
  await account.catchUp();
  for (let n = 8; n <= 9; n++) await deliver(account, n);
  await account.commit(createMailbox('Work'));
  await account.commit(storeFlags(inboxId, UidSet.of([1, 3, 8]), 'add', ['\\Flagged']));
  await account.commit(copyMessages('move', inboxId, UidSet.of([4, 7]), 'Work'));
  await account.commit(expungeMessages(inboxId, UidSet.of([5])));
  return { clock, store, parts, account };
}

/** The store as a process has it that dies at its n-th effect: before it, or after it was done. */
function dying(
  { log, blobs }: { readonly log: AccountLog; readonly blobs: BlobStore },
  lives: { left: number },
  when: 'before' | 'after',
) {
  const effect = async <T>(run: () => Promise<T>): Promise<T> => {
    if (lives.left < 0) throw new Crash();
    lives.left--;
    if (lives.left < 0 && when === 'before') throw new Crash();
    const done = await run();
    if (lives.left < 0) throw new Crash();
    return done;
  };
  return {
    log: {
      read: (account, after) => log.read(account, after),
      append: (request) => log.append(request),
      readEnd: (id) => log.readEnd(id),
      moveHead: (account, head) => effect(() => log.moveHead(account, head)),
      trim: (account, upTo) => effect(() => log.trim(account, upTo)),
      drop: (account) => log.drop(account),
    } satisfies AccountLog,
    blobs: {
      get: (key, range) => blobs.get(key, range),
      list: (prefix, after) => blobs.list(prefix, after),
      put: (key, body) => effect(() => blobs.put(key, body)),
      delete: (keys) => effect(() => blobs.delete(keys)),
    } satisfies BlobStore,
  };
}

for (const when of ['before', 'after'] as const)
  test(`compaction killed ${when} any of its effects leaves garbage at the worst`, async () => {
    let effects = 0;
    for (; ; effects++) {
      const { clock, store, parts, account } = await ground();
      const lives = { left: effects };
      const other = await openIn(memoryEngine(store, { ...parts, ...dying(store, lives, when) }), account.id);
      let crashed = false;
      await other.compact().catch((cause) => {
        if (!(cause instanceof Crash)) throw cause;
        crashed = true;
      });
      const truth = digest(await account.whole());
      const reader = await openIn(memoryEngine(store, parts), account.id);
      assert.equal(digest(await reader.whole()), truth, `killed at effect ${effects}`);
      const subjects = (await reader.records([1, 3, 4, 6, 7, 8, 9])).map((record) => record.envelope.subject);
      assert.equal(subjects.join(), [1, 3, 4, 6, 7, 8, 9].map((n) => `message ${n}`).join());
      // Whoever folds next is not disturbed by what was left, nor a session that saw nothing of all this.
      await deliver(account, 10);
      await reader.catchUp();
      await reader.compact();
      clock.advance(2 * day);
      await deliver(reader, 11);
      await reader.compact();
      await account.catchUp();
      const fresh = await openIn(memoryEngine(store, parts), account.id);
      assert.equal(digest(await fresh.whole()), digest(await account.whole()));
      assert.equal((await fresh.emailIds([1, 3, 9, 10, 11])).length, 5);
      if (!crashed) break;
    }
    // Two objects of the index and of headers, the manifest, the head, the log's trimming, the old objects' end.
    assert.ok(effects >= 6, `${effects} effects`);
  });

test('a mailbox that was opened stays open to its sessions when the account is loaded anew', async () => {
  const { store, parts, account, clock } = await ground();
  const behind = await openIn(memoryEngine(store, parts), account.id);
  await behind.load(inboxId);
  const before = behind.state.mailboxes.get(inboxId)!;
  for (let n = 10; n < 14; n++) await deliver(account, n);
  await account.compact();
  clock.advance(2 * day);
  await deliver(account, 14);
  await account.compact();
  // The entries in between are trimmed by now: it has to begin anew from the head.
  await behind.catchUp();
  const now = behind.state.mailboxes.get(inboxId)!;
  assert.notEqual(now, before);
  assert.equal(
    now.chunks.reduce((sum, chunk) => sum + chunk.length, 0),
    account.state.mailboxes.get(inboxId)!.exists,
  );
});

test('a session whose snapshot is long gone reads on from the newest one', async () => {
  const { store, parts, account, clock } = await ground();
  const behind = await openIn(memoryEngine(store, parts), account.id);
  await account.commit(storeFlags(inboxId, UidSet.of([1]), 'add', ['later']));
  for (let times = 0; times < 3; times++) {
    clock.advance(2 * day);
    await deliver(account, 20 + times);
    await account.compact();
  }
  await behind.load(inboxId);
  await behind.load(inboxId, 'history');
  assert.equal(digest(await behind.whole()), digest(await account.whole()));
});

test('what entries spilled counts when compaction is decided, and again for what came while one ran', async () => {
  const clock = testClock();
  const store = memoryStore(() => clock.now());
  const account = await openIn(memoryEngine(store, { entropy: clock, inlineBytes: 1024 }));
  // Few entries, short in the log: what makes opening slow lies in their spill objects.
  for (let n = 0; n < 60; n++) {
    const noise = Buffer.from(clock.bytes(6000)).toString('base64');
    const staged = await account.stage(Buffer.from(`X-Noise: ${noise}\r\nSubject: ${n}\r\n\r\n${n}\r\n`));
    assert.ok(staged.ok);
    const message = { message: staged.value, flags: [], internalDate: undefined };
    assert.ok((await account.commit(appendMessages('INBOX', [message]))).ok);
  }
  await account.settle();
  assert.ok((account.snapshot?.state.position ?? 0) > 0, 'nothing was folded');
  assert.ok(account.tail.bytes < 256 * 1024, `${account.tail.bytes} bytes are left`);
  assert.ok(account.tail.entries < 60);
  // Whoever reads the same log knows the same.
  const other = await openIn(memoryEngine(store, { entropy: clock, inlineBytes: 1024 }), account.id);
  assert.deepEqual(other.tail, account.tail);
});

test('processes that change one account by turns fold its log together as often as one alone would', async () => {
  const headMoves = async (processes: number) => {
    const clock = testClock();
    const store = memoryStore(() => clock.now());
    const first = await openIn(memoryEngine(store, { entropy: clock }));
    const all = [first];
    while (all.length < processes) all.push(await openIn(memoryEngine(store, { entropy: clock }), first.id));
    for (let n = 1; n <= 300; n++) {
      const account = all[n % processes]!;
      await account.catchUp();
      await deliver(account, n);
      await account.settle();
      clock.advance(60_000);
    }
    for (const account of all) await account.catchUp();
    assert.equal(digest(await all.at(-1)!.whole()), digest(await first.whole()));
    return store.log.counts.headMoves;
  };
  const alone = await headMoves(1);
  assert.ok(alone >= 3, `${alone}`);
  for (const processes of [2, 3]) assert.equal(await headMoves(processes), alone);
});

test('a compaction that is given up leaves all that it did not finish in the log, without a fault', async () => {
  const store = memoryStore();
  const faults: string[] = [];
  const engine = memoryEngine(store, { onError: (what) => faults.push(what) });
  const account = await openIn(engine);
  for (let n = 1; account.tail.entries < 63; n++) await deliver(account, n);
  await deliver(account, 64);
  engine.giveUpCompactions();
  await deliver(account, 65);
  await engine.close();
  assert.deepEqual(faults, []);
  assert.equal(store.log.counts.headMoves, 0);
  const next = await openIn(memoryEngine(store), account.id);
  assert.equal(digest(await next.whole()), digest(await account.whole()));
  await next.compact();
  assert.equal(store.log.counts.headMoves, 1);
});
