import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Account } from '../../shared/engine/account.ts';
import { appendMessages, copyMessages, expungeMessages, storeFlags } from '../../shared/engine/actions.ts';
import { allUids, everyUid } from '../../shared/engine/mailbox.ts';
import { createMailbox, setLimit } from '../../shared/engine/mailbox-actions.ts';
import { collect } from '../../shared/engine/message-index.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import type { AccountLog } from '../../shared/ports/account-log.ts';
import { localEngine } from '../support/local-engine.ts';
import { digest } from './random-operations.ts';

const message = (n: number) =>
  Buffer.from(`Subject: message ${n}\r\nMessage-ID: <${n}@example.test>\r\n\r\nbody ${n}\r\n`);

async function deliver(account: Account, n: number, deliveryId?: string) {
  const staged = await account.stage(message(n));
  assert.ok(staged.ok);
  const request = { message: staged.value, flags: [], internalDate: undefined, deliveryId };
  return account.commit(appendMessages('INBOX', [request]));
}

const inbox = (account: Account) => account.state.mailboxes.get(inboxId)!;

test('a delivered message is read back, exact bytes and record, before and after compaction', async () => {
  const { account: make } = await localEngine();
  const account = await make();
  for (let n = 1; n <= 5; n++) assert.ok((await deliver(account, n)).ok);
  const check = async () => {
    const [record] = await account.records([3]);
    assert.equal(record!.envelope.subject, 'message 3');
    assert.deepEqual(Buffer.from(await collect((await account.body(3)).body)), message(3));
    assert.equal((await account.emailIds([1, 2, 3, 4, 5])).length, 5);
  };
  await check();
  await account.compact();
  assert.equal(account.messages.tail.size, 0);
  await check();
});

test('what no flag can be is not stored, whoever asks: IMAP could not tell it', async () => {
  const { account: make } = await localEngine();
  const account = await make();
  const staged = await account.stage(message(1));
  assert.ok(staged.ok);
  const wrong = ['a)b', 'a b', '', '\\', '\\a*', 'café', 'čĊ* BYE'];
  const flags = [...wrong, 'Work', '[todo]', '\\Seen'];
  const request = { message: staged.value, flags, internalDate: undefined };
  assert.ok((await account.commit(appendMessages('INBOX', [request]))).ok);
  const stored = () => account.state.flags.set(inbox(account).chunks[0]!.marks.flags[0]!).flags;
  assert.deepEqual(stored(), ['\\Seen', 'Work', '[todo]']);
  for (const mode of ['add', 'replace'] as const)
    assert.ok((await account.commit(storeFlags(inboxId, everyUid, mode, [...wrong, 'Work']))).ok);
  assert.deepEqual(stored(), ['Work']);
  assert.equal(account.state.flags.keywordCount, 2);
});

test('what waits while an entry is written shares the next one', async () => {
  const { account: make, store } = await localEngine();
  const account = await make();
  const before = account.state.position;
  const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => deliver(account, n)));
  assert.ok(answers.every((a) => a.ok));
  assert.equal(inbox(account).exists, 40);
  assert.ok(account.state.position - before < 40, 'every delivery made an entry of its own');
  const uids = answers.flatMap((a) => (a.ok ? [...a.value.uids] : []));
  assert.equal(new Set(uids).size, 40);
  assert.ok(store);
});

test('a group is decided in sequence: of two deliveries that fit alone, the second is over quota', async () => {
  const { account: make } = await localEngine();
  const account = await make();
  await account.commit(setLimit(message(1).length + 10));
  const answers = await Promise.all([deliver(account, 1), deliver(account, 2)]);
  assert.deepEqual(answers.map((a) => a.ok).sort(), [false, true]);
  assert.equal(inbox(account).exists, 1);
});

test('writers of several processes racing on one account all succeed, and agree', async () => {
  const first = await localEngine();
  const base = await first.account();
  const k = 8;
  const writers = await Promise.all(
    Array.from({ length: k }, async () => {
      const { log, blobs, leases } = first.store;
      return (await localEngine({ log, blobs, leases })).account(base.id);
    }),
  );
  const answers = await Promise.all(writers.map((account, n) => deliver(account, n)));
  assert.ok(answers.every((a) => a.ok));
  await base.refresh();
  assert.equal(inbox(base).exists, k);
  for (const writer of writers) {
    await writer.refresh();
    assert.equal(digest(await writer.whole()), digest(await base.whole()));
  }
});

/** A log that answers what a schedule says: the effect happens or not, and the answer may be lost. */
function faulty(log: AccountLog, schedule: ('done' | 'lostAfter' | 'lostBefore')[]): AccountLog {
  return {
    read: (account, after) => log.read(account, after),
    readEnd: (id) => log.readEnd(id),
    moveHead: (account, head) => log.moveHead(account, head),
    trim: (account, upTo) => log.trim(account, upTo),
    drop: (account) => log.drop(account),
    append: async (request) => {
      const fault = schedule.shift() ?? 'done';
      if (fault === 'lostBefore') return { kind: 'unknown', cause: 'lost' };
      const outcome = await log.append(request);
      return fault === 'lostAfter' ? { kind: 'unknown', cause: 'lost' } : outcome;
    },
  };
}

for (const schedule of [['lostAfter'], ['lostBefore'], ['lostBefore', 'lostAfter', 'lostAfter']] as const) {
  test(`a lost answer is settled before anything else is proposed: ${schedule.join(', ')}`, async () => {
    const { store } = await localEngine();
    const faults: ('done' | 'lostAfter' | 'lostBefore')[] = [];
    const own = await localEngine({
      log: faulty(store.log, faults),
      blobs: store.blobs,
      sleep: async () => undefined,
    });
    const account = await own.account();
    faults.push(...schedule);
    assert.ok((await deliver(account, 1)).ok);
    assert.equal(inbox(account).exists, 1);
    const fresh = await (await localEngine({ log: store.log, blobs: store.blobs })).account(account.id);
    assert.equal(digest(await fresh.whole()), digest(await account.whole()));
  });
}

test('what cannot be settled is answered neither with success nor with failure', async () => {
  const { store } = await localEngine();
  let time = Date.now();
  const faults: ('done' | 'lostAfter' | 'lostBefore')[] = [];
  const own = await localEngine({
    log: faulty(store.log, faults),
    blobs: store.blobs,
    entropy: { now: () => time, bytes: (n) => crypto.getRandomValues(new Uint8Array(n)) },
    sleep: async () => {
      time += 5_000;
    },
  });
  const account = await own.account();
  faults.push(...(Array(50).fill('lostBefore') as 'lostBefore'[]));
  const answer = await deliver(account, 1);
  assert.equal(!answer.ok && answer.error.kind, 'unsettled');
  faults.length = 0;
  // The next change settles the open one first: both are there, in order.
  assert.ok((await deliver(account, 2)).ok);
  assert.equal(inbox(account).exists, 2);
});

test('another writer in between: the loser decides again on the new state', async () => {
  const one = await localEngine();
  const a = await one.account();
  const two = await localEngine({ log: one.store.log, blobs: one.store.blobs });
  const b = await two.account(a.id);
  assert.ok((await a.commit(createMailbox('Work'))).ok);
  // b has not read a's entry: its own CREATE must lose the race, take it in and refuse.
  const again = await b.commit(createMailbox('Work'));
  assert.equal(!again.ok && again.error.kind, 'mailboxExists');
  assert.ok((await b.commit(createMailbox('Work/2'))).ok);
});

test('a refusal is only given on a state read after the question', async () => {
  const one = await localEngine();
  const a = await one.account();
  const b = await (await localEngine({ log: one.store.log, blobs: one.store.blobs })).account(a.id);
  await deliver(a, 1);
  await b.refresh();
  assert.ok((await a.commit(createMailbox('New'))).ok);
  const copied = await b.commit(copyMessages('copy', inboxId, everyUid, 'New'));
  assert.ok(copied.ok && copied.value.destination.size === 1);
});

test('one entry for flags, copy, move and expunge of any number of messages', async () => {
  const { account: make } = await localEngine();
  const account = await make();
  await Promise.all(Array.from({ length: 200 }, (_, n) => deliver(account, n)));
  const at = account.state.position;
  await account.commit(storeFlags(inboxId, everyUid, 'add', ['\\Seen', 'kept']));
  await account.commit(copyMessages('copy', inboxId, everyUid, 'Archive'));
  await account.commit(copyMessages('move', inboxId, UidSet.ofRanges([[1, 100]]), 'Trash'));
  await account.commit(expungeMessages(inboxId, everyUid));
  assert.equal(account.state.position, at + 4);
  assert.equal(inbox(account).exists, 0);
  assert.equal(allUids(account.state.mailboxes.named('Archive')!).size, 200);
  assert.equal(account.state.mailboxes.named('Trash')!.exists, 100);
});

test('a reader opened after compaction holds what the writer holds; the tail it reads is short', async () => {
  const { account: make, store } = await localEngine();
  const account = await make();
  for (let n = 0; n < 70; n++) await deliver(account, n);
  await account.settle();
  const { head } = await store.log.read(account.id, account.state.position);
  assert.ok(head !== undefined && head.position >= 64);
  await deliver(account, 70);
  const reader = await (await localEngine({ log: store.log, blobs: store.blobs })).account(account.id);
  assert.equal(digest(await reader.whole()), digest(await account.whole()));
  const records = await reader.records(Array.from({ length: 71 }, (_, i) => i + 1));
  assert.deepEqual(
    records.map((r) => r.envelope.subject),
    Array.from({ length: 71 }, (_, n) => `message ${n}`),
  );
});

test('a snapshot that was read slowly does not take the place of a newer one', async () => {
  const { account: make } = await localEngine();
  const account = await make();
  await deliver(account, 1);
  await account.compact();
  const older = account.snapshot!;
  await deliver(account, 2);
  await account.compact();
  account.settled(older);
  const records = await account.records([1, 2]);
  assert.deepEqual(
    records.map((r) => r.envelope.subject),
    ['message 1', 'message 2'],
  );
});

test('a spill object carries what does not fit into an entry', async () => {
  const { account: make, store } = await localEngine({ inlineBytes: 512 });
  const account = await make();
  const staged = await Promise.all([1, 2, 3, 4, 5].map((n) => account.stage(message(n))));
  const requests = staged.map((s) => {
    assert.ok(s.ok);
    return { message: s.value, flags: ['\\Seen'], internalDate: 5 };
  });
  const answer = await account.commit(appendMessages('Archive', requests));
  assert.ok(answer.ok && answer.value.uids.size === 5);
  const reader = await (await localEngine({ log: store.log, blobs: store.blobs })).account(account.id);
  assert.equal(digest(await reader.whole()), digest(await account.whole()));
});

test('a delivery that is repeated is answered as success and makes nothing', async () => {
  const { account: make } = await localEngine();
  const account = await make();
  await Promise.all([deliver(account, 1, 'event-1'), deliver(account, 1, 'event-1')]);
  assert.ok((await deliver(account, 1, 'event-1')).ok);
  assert.equal(inbox(account).exists, 1);
});
