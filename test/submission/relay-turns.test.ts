import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RelayTurns } from '../../services/submission/relay-turns.ts';

/** Work that ends when the test says so. */
function task() {
  const { promise, resolve } = Promise.withResolvers<string>();
  let begun = false;
  const work = () => {
    begun = true;
    return promise;
  };
  return { work, end: () => resolve('done'), begun: () => begun };
}

test('who has no turn in time is told so, is never begun, and leaves the queue', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const turns = new RelayTurns(1, 2, 1000);
  const [first, second, third, fourth] = [task(), task(), task(), task()];
  const going = turns.take(first.work);
  const late = turns.take(second.work);
  t.mock.timers.tick(600);
  const patient = turns.take(third.work);
  assert.equal(await turns.take(fourth.work), undefined, 'two wait already');
  t.mock.timers.tick(500);
  assert.equal(await late, undefined);
  first.end();
  third.end();
  assert.equal(await going, 'done');
  assert.equal(await patient, 'done');
  assert.deepEqual([second.begun(), fourth.begun()], [false, false]);
  fourth.end();
  assert.equal(await turns.take(fourth.work), 'done', 'the turn is free again');
});

test('a turn is handed on where the work fails', async () => {
  const turns = new RelayTurns(1);
  const failing = turns.take(() => Promise.reject(new Error('no')));
  const next = turns.take(async () => 'done');
  await assert.rejects(failing);
  assert.equal(await next, 'done');
});
