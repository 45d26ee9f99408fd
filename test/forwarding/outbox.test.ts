import assert from 'node:assert/strict';
import { test } from 'node:test';
import { laneOf, Outbox, type Posted } from '../../services/forwarding/outbox.ts';
import type { Account } from '../../shared/engine/account.ts';
import { type AccountId, newAccountId, systemEntropy } from '../../shared/ids.ts';
import { localEngine } from '../support/local-engine.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const message = async function* () {
  yield Buffer.from('Subject: x\r\n\r\n');
};
const posts = (account: AccountId | undefined, count: number, first = 0): [Posted, ...Posted[]] => {
  const envelope = {
    ...{ account, via: 'anna@example.org', sender: '', recipient: 'x@other.test' },
    ...{ reportable: false, kept: true },
  };
  const [one, ...others] = Array.from({ length: count }, (_, i) => ({
    id: `${account} ${first + i}`,
    envelope,
    message,
  }));
  return [one!, ...others];
};
const anna = newAccountId(systemEntropy);

test('of what waits, the records of a few dozen are in memory at once, and each is read once', async (t) => {
  const { engine } = await localEngine({}, temporaryFolder());
  const outbox = new Outbox(engine);
  assert((await outbox.post(posts(anna, 100))).ok);
  const box = await outbox.open();
  assert(box.ok);
  t.after(() => box.value.release());
  const { account } = box.value;
  const read: number[] = [];
  const { records } = account;
  t.mock.method(account, 'records', (...[numbers, of]: Parameters<Account['records']>) => {
    read.push(numbers.length);
    return records.call(account, numbers, of);
  });
  const waiting = await outbox.waiting(account);
  assert.deepEqual(
    waiting.map(({ number }) => number),
    waiting.map(({ number }) => number).sort((a, b) => a - b),
  );
  assert.equal(waiting.length, 100);
  assert.deepEqual(read, [32, 32, 32, 4]);
  assert.deepEqual(await outbox.waiting(account), waiting);
  assert.equal(read.length, 4);
});

const room = (messages: number, octets = 1e9) => ({ messages, octets });
const ample = { account: room(1000), lane: room(1000), reports: room(1000), recipient: room(1000) };

test('an account has so much waiting, by number and by octets, and keeps nobody of its lane from it', async () => {
  const { engine } = await localEngine({}, temporaryFolder());
  for (const [account, fitting] of [
    [room(3), 3],
    [room(100, 400), 2],
  ] as const) {
    const outbox = new Outbox(engine, { ...ample, account });
    const owner = newAccountId(systemEntropy);
    let neighbour = newAccountId(systemEntropy);
    while (laneOf(neighbour) !== laneOf(owner)) neighbour = newAccountId(systemEntropy);
    const post = async (of: AccountId, id: number) => {
      const posted = await outbox.post(posts(of, 1, id));
      return posted.ok ? posted.value : posted.error.kind;
    };
    for (let i = 0; i < fitting; i++) assert.equal(await post(owner, i), 'taken');
    assert.equal(await post(owner, fitting), 'full');
    assert.equal(await post(owner, 0), 'known');
    const box = await outbox.open();
    assert(box.ok);
    assert.equal(await post(neighbour, 0), 'taken');
    const waiting = await outbox.waiting(box.value.account);
    const mine = waiting.filter(({ envelope }) => envelope.account === owner);
    assert.equal(mine.length, fitting);
    assert((await outbox.remove(box.value.account, mine[0]!)).ok);
    assert.equal(await post(owner, fitting), 'taken');
    box.value.release();
  }
});

test('a lane and the reports have a bound of their own, by number and by octets', async () => {
  const { engine } = await localEngine({}, temporaryFolder());
  const owner = newAccountId(systemEntropy);
  for (const [of, limits] of [
    [owner, { ...ample, lane: room(2) }],
    [undefined, { ...ample, reports: room(2) }],
    [undefined, { ...ample, reports: room(100, 300) }],
    [undefined, { ...ample, recipient: room(2) }],
  ] as const) {
    const outbox = new Outbox(engine, limits);
    const before = await outbox.post(posts(of, 2));
    assert(before.ok);
    assert.deepEqual(await outbox.post(posts(of, 1, 2)), { ok: true, value: 'full' });
  }
});

test('where nothing waits, one message is taken whatever its size: twenty addresses each get it', async () => {
  const { engine } = await localEngine({}, temporaryFolder());
  const outbox = new Outbox(engine, { ...ample, account: room(10, 10) });
  const owner = newAccountId(systemEntropy);
  assert.deepEqual(await outbox.post(posts(owner, 5)), { ok: true, value: 'taken' });
  assert.deepEqual(await outbox.post(posts(owner, 1, 5)), { ok: true, value: 'full' });
});

test('reports to one address leave room for those to others', async () => {
  const { engine } = await localEngine({}, temporaryFolder());
  const outbox = new Outbox(engine, { ...ample, recipient: room(2) });
  const post = async (id: string, ...recipients: string[]) => {
    const [model] = posts(undefined, 1);
    const [one, ...others] = recipients.map((recipient) => ({
      ...model,
      id: `${id} ${recipient}`,
      envelope: { ...model.envelope, recipient },
    }));
    return await outbox.post([one!, ...others]);
  };
  for (const id of ['a', 'b']) assert.deepEqual(await post(id, 'Ann@x.test'), { ok: true, value: 'taken' });
  assert.deepEqual(await post('c', 'ann@x.test'), { ok: true, value: 'full' });
  assert.deepEqual(await post('d', 'bea@x.test', 'ann@x.test'), { ok: true, value: 'full' });
  assert.deepEqual(await post('e', 'bea@x.test'), { ok: true, value: 'taken' });
});
