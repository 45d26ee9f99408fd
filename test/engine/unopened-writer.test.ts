import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { appendMessages } from '../../shared/engine/actions.ts';
import type { EngineParts, MailEngine } from '../../shared/engine/engine.ts';
import { decodeEntry } from '../../shared/engine/entry.ts';
import { readEntry } from '../../shared/engine/entry-reader.ts';
import { createMailbox, setLimit } from '../../shared/engine/mailbox-actions.ts';
import { stageMessage } from '../../shared/engine/stage.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { stateDigest } from '../../shared/engine/state-digest.ts';
import type { AccountId, LogPosition } from '../../shared/ids.ts';
import { appending, heldBack } from '../support/appending.ts';
import { deliver, sampleMessage, subjects } from '../support/mail.ts';
import { type MemoryStore, memoryEngine, memoryStore, openIn } from '../support/memory-engine.ts';
import { testClock } from '../support/test-clock.ts';

async function unopened(engine: MailEngine, id: AccountId, n: number, deliveryId = `event ${n}`) {
  const staged = await stageMessage(engine.parts, id, sampleMessage(n));
  assert.ok(staged.ok);
  const { stagedAt: internalDate } = staged.value;
  return engine.appendUnopened(id, { message: staged.value, internalDate, deliveryId });
}

const stored = { ok: true, value: 'stored' };
const mustOpen = { ok: true, value: 'mustOpen' };

/** An account that one process holds, and engines of others. */
async function place(change: Partial<EngineParts> = {}) {
  const clock = testClock();
  const store = memoryStore(() => clock.now());
  const parts = { entropy: clock, sleep: async () => undefined, ...change };
  const another = (more: Partial<EngineParts> = {}) => memoryEngine(store, { ...parts, ...more });
  const account = await openIn(another());
  return { clock, store, another, account, id: account.id };
}

const lastOf = async (store: MemoryStore, id: AccountId) => {
  const { last } = await store.log.readEnd(id);
  return decodeEntry(last!.position, last!.bytes);
};

test('a delivery that opens nothing reads the log once, writes once, and is what it is where the account is open', async () => {
  const { store, another, account, id } = await place();
  for (let n = 1; n <= 10; n++) await deliver(account, n);
  await account.compact();
  const before = { ...store.log.counts, gets: store.blobs.counts.gets };
  assert.deepEqual(await unopened(another(), id, 11), stored);
  const { reads, puts } = store.log.counts;
  assert.deepEqual([reads - before.reads, puts - before.puts], [1, 1]);
  assert.equal(store.blobs.counts.gets, before.gets);
  await account.catchUp();
  assert.equal((await subjects(account, 'INBOX')).at(-1), 'message 11');
  const { usage, limit, time } = await lastOf(store, id);
  assert.deepEqual(usage, account.state.usage);
  assert.deepEqual([limit, time], [account.state.limits.bytes, account.state.time]);
});

test('deliveries to one account that come together share entries', async () => {
  const { store, another, account, id } = await place();
  const engine = another();
  const before = store.log.counts.puts;
  const all = await Promise.all(Array.from({ length: 30 }, (_, i) => unopened(engine, id, i + 1)));
  assert.ok(all.every((one) => one.ok && one.value === 'stored'));
  assert.ok(store.log.counts.puts - before <= 3, `${store.log.counts.puts - before} entries`);
  await account.catchUp();
  assert.equal(account.state.mailboxes.get(inboxId)?.exists, 30);
  assert.deepEqual((await lastOf(store, id)).usage, account.state.usage);
});

test('sixty-four deliveries share an entry at most, and of more than a thousand that wait the last is refused at once', async () => {
  const { store, another, id } = await place();
  const { log, hold, letGo } = heldBack(store.log);
  const engine = another({ log, inlineBytes: 1 << 20 });
  const staged = await stageMessage(engine.parts, id, sampleMessage(1));
  assert.ok(staged.ok);
  const append = (n: number) =>
    engine.appendUnopened(id, { message: staged.value, internalDate: 1, deliveryId: `event ${n}` });
  const underWay = hold();
  const first = append(0);
  await underWay;
  const waiting = Array.from({ length: 1000 }, (_, n) => append(n + 1));
  const tooMany = await Promise.race([append(1001), turn('none yet')]);
  assert.deepEqual(tooMany, { ok: false, error: { kind: 'unavailable', cause: 'too many changes wait' } });
  letGo();
  for (const outcome of await Promise.all([first, ...waiting])) assert.deepEqual(outcome, stored);
  const { entries } = await store.log.read(id, 1 as LogPosition);
  const read = await Promise.all(entries.map((entry) => readEntry(store.blobs, entry)));
  const sizes = read.map(({ entry }) => entry.operations.length);
  assert.deepEqual(sizes, [1, ...Array(15).fill(64), 40]);
});

test('a delivery made before does nothing, and the usage that is said is never too little', async () => {
  const { store, another, account, id } = await place();
  for (let again = 0; again < 3; again++) assert.deepEqual(await unopened(another(), id, 1), stored);
  await account.catchUp();
  assert.equal(account.state.mailboxes.get(inboxId)?.exists, 1);
  assert.equal((await lastOf(store, id)).usage.bytes, 3 * account.state.usage.bytes);
  // Whoever knows the account says it right again.
  await deliver(account, 2);
  assert.deepEqual((await lastOf(store, id)).usage, account.state.usage);
});

test('no delivery is refused unopened: one that may be beyond the limit is left to who opens the account', async () => {
  const { another, account, id } = await place();
  const size = sampleMessage(1).length;
  await account.commit(setLimit(2 * size + 1));
  assert.deepEqual(await unopened(another(), id, 1), stored);
  assert.deepEqual(await unopened(another(), id, 1), stored);
  // Twice the same: as far as the last entry says it is full.
  assert.deepEqual(await unopened(another(), id, 2), mustOpen);
  await deliver(account, 2);
  await account.catchUp();
  assert.deepEqual(account.state.usage, { bytes: 2 * size, messages: 2 });
});

test('what was written on an older entry is decided again on the newer one', async () => {
  const { store, another, account, id } = await place();
  const size = sampleMessage(1).length;
  let meanwhile = async () => void (await account.commit(setLimit(size - 1)));
  const late = another({
    log: appending(store.log, async (append) => {
      await meanwhile();
      meanwhile = async () => undefined;
      return append();
    }),
  });
  assert.deepEqual(await unopened(late, id, 1), mustOpen);
  await account.catchUp();
  assert.equal(account.state.usage.messages, 0);
});

for (const faults of [['after'], ['before'], ['before', 'after', 'after']])
  test(`a lost answer is settled by the same bytes: ${faults.join(', ')}`, async () => {
    const { store, another, account, id } = await place();
    const schedule = [...faults];
    const engine = another({
      log: appending(store.log, async (append) => {
        const fault = schedule.shift();
        if (fault === 'before') return { kind: 'unknown', cause: 'lost' };
        const outcome = await append();
        return fault === 'after' ? { kind: 'unknown', cause: 'lost' } : outcome;
      }),
    });
    assert.deepEqual(await unopened(engine, id, 1), stored);
    assert.deepEqual(schedule, []);
    await account.catchUp();
    assert.equal(account.state.usage.messages, 1);
  });

test('an empty log, and one whose head is beyond its entries, is left to who opens the account', async () => {
  const { store, another, account, id } = await place();
  const { id: other } = await openIn(another());
  await store.log.drop(other);
  assert.deepEqual(await unopened(another(), other, 1), mustOpen);
  await account.compact();
  const { head } = await store.log.readEnd(id);
  const { position } = head!;
  await store.log.moveHead(id, { ...head!, position: (position + 9) as LogPosition, last: position });
  assert.deepEqual(await unopened(another(), id, 1), mustOpen);
});

test('an account that somebody has open in the same process is left to its session', async () => {
  const { another, id } = await place();
  const engine = another();
  const opened = await engine.open(id);
  assert.ok(opened.ok);
  assert.deepEqual(await unopened(engine, id, 1), mustOpen);
  opened.value.release();
  assert.deepEqual(await unopened(engine, id, 1), stored);
});

test('a log that nobody opens is folded: one delivery in sixteen beyond 64 opens the account', async () => {
  const { store, another, account, id } = await place();
  let opened = 0;
  for (let n = 1; n <= 200; n++) {
    const engine = another();
    const one = await unopened(engine, id, n);
    if (one.ok && one.value === 'mustOpen') {
      opened++;
      const staged = await stageMessage(engine.parts, id, sampleMessage(n));
      assert.ok(staged.ok);
      const request = { message: staged.value, flags: [], internalDate: undefined, deliveryId: `event ${n}` };
      const own = await openIn(engine, id);
      assert.ok((await own.commit(appendMessages('INBOX', [request]))).ok);
    }
    await engine.settle();
  }
  const { head, last } = await store.log.readEnd(id);
  assert.ok(last!.position - head!.position < 64 + 16);
  assert.ok(opened >= 2 && opened <= 6, `${opened}`);
  await account.catchUp();
  const fresh = await openIn(another(), id);
  assert.equal(stateDigest(await fresh.whole()), stateDigest(await account.whole()));
  assert.equal(fresh.state.mailboxes.get(inboxId)?.exists, 200);
});

test('a clock that is minutes behind the log writes nothing', async () => {
  const { clock, another, account, id } = await place();
  await account.commit(createMailbox('Work'));
  const behind = { now: () => clock.now() - 6 * 60_000, bytes: (count: number) => clock.bytes(count) };
  const outcome = await unopened(another({ entropy: behind }), id, 1);
  assert.ok(!outcome.ok && outcome.error.kind === 'unavailable');
});
