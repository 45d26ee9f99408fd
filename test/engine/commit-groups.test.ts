import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Account } from '../../shared/engine/account.ts';
import { one } from '../../shared/engine/decided.ts';
import type { Decide } from '../../shared/engine/decision.ts';
import { readEntry } from '../../shared/engine/entry-reader.ts';
import { heldBack } from '../support/appending.ts';
import { memoryEngine, memoryStore, openIn } from '../support/memory-engine.ts';

/** A change that is known again in the log by its number. */
const numbered =
  (n: number): Decide<number> =>
  () =>
    one({ kind: 'limits', bytes: n }, () => n);

const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

/** An account one of whose changes, number 0, is on its way to the log and stays so until it is let go: what comes meanwhile waits. */
async function held() {
  const store = memoryStore();
  const { log, hold, letGo } = heldBack(store.log);
  const account = await openIn(memoryEngine(store, { log, sleep: async () => undefined }));
  const before = account.state.position;
  const underWay = hold();
  const first = account.commit(numbered(0));
  await underWay;
  return {
    account,
    hold,
    letGo,
    /** Another process, which nobody holds back. */
    other: () => openIn(memoryEngine(store), account.id),
    /** The numbers of the changes in each entry since. */
    entries: async () => {
      assert.ok((await first).ok);
      const tail = await store.log.read(account.id, before);
      const read = await Promise.all(tail.entries.map((stored) => readEntry(store.blobs, stored)));
      return read.map(({ entry }) => entry.operations.map((o) => (o.kind === 'limits' ? o.bytes : o.kind)));
    },
  };
}

const people = (account: Account, numbers: readonly number[]) =>
  numbers.map((n) => account.commit(numbered(n)));
const background = (account: Account, numbers: readonly number[]) =>
  numbers.map((n) => account.commit(numbered(n), { urgency: 'background' }));

suite('changes that wait for an entry', () => {
  test('share the next ones, sixty-four in each; of more than a thousand the last is refused at once', async () => {
    const { account, letGo, entries } = await held();
    const waiting = people(account, range(1, 1000));
    const [tooMany] = people(account, [1001]);
    const answer = await Promise.race([tooMany, turn('none yet')]);
    assert.deepEqual(answer, { ok: false, error: { kind: 'unavailable', cause: 'too many changes wait' } });
    letGo();
    assert.deepEqual(
      await Promise.all(waiting),
      range(1, 1000).map((value) => ({ ok: true, value })),
    );
    const written = await entries();
    assert.deepEqual(written.flat(), range(0, 1000));
    assert.deepEqual(
      written.map((numbers) => numbers.length),
      [1, ...Array(15).fill(64), 40],
    );
  });

  test('are bounded in the background too, without taking the places of people', async () => {
    const { account, letGo } = await held();
    const waiting = background(account, range(1, 1000));
    const [tooMany] = background(account, [1001]);
    assert.equal((await Promise.race([tooMany, turn({ ok: 'none yet' })]))!.ok, false);
    waiting.push(...people(account, [1002]));
    letGo();
    assert.ok((await Promise.all(waiting)).every(({ ok }) => ok));
  });

  test('come into it in their order, people before the background, of which one joins each entry', async () => {
    const { account, letGo, entries } = await held();
    const late = background(account, range(1001, 1050));
    const waiting = [...people(account, range(1, 130)), ...late, ...background(account, range(1051, 1100))];
    letGo();
    await Promise.all(waiting);
    assert.deepEqual(await entries(), [
      [0],
      [...range(1, 63), 1001],
      [...range(64, 126), 1002],
      [...range(127, 130), 1003],
      range(1004, 1067),
      range(1068, 1100),
    ]);
  });

  test('join one that lost its place to another writer as they would the next', async () => {
    const { account, letGo, other, entries } = await held();
    const waiting = [...background(account, range(1001, 1010)), ...people(account, [1, 2])];
    await (await other()).commit(numbered(500));
    letGo();
    await Promise.all(waiting);
    assert.deepEqual(await entries(), [[500], [0, 1, 2, 1001], range(1002, 1010)]);
  });

  test('do not crowd in where they are the background, however often an entry of people loses its place', async () => {
    const { account, hold, letGo, other, entries } = await held();
    const waiting = background(account, range(1001, 1010));
    const second = await other();
    await second.commit(numbered(500));
    letGo();
    await hold();
    await second.commit(numbered(501));
    letGo();
    await Promise.all(waiting);
    assert.deepEqual(await entries(), [[500], [501], [0, 1001], range(1002, 1010)]);
  });
});
