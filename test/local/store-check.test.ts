import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStoreCheck } from '../../services/local/store-check.ts';

const minute = 60_000;

test('a server is not ready before the store has answered, and stays so through minutes of its silence', async () => {
  let time = 0;
  let fails = true;
  const isReady = createStoreCheck(
    async () => {
      if (fails) throw new Error('no answer');
    },
    () => time,
  );
  assert.equal(await isReady(), false);
  fails = false;
  assert.equal(await isReady(), true);
  fails = true;
  time += 2 * minute;
  assert.equal(await isReady(), true);
  time += 2 * minute;
  assert.equal(await isReady(), false);
  fails = false;
  assert.equal(await isReady(), true);
});

test('a question that is not answered is asked once, and does not hold up the answer to who asks', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let asked = 0;
  const answer = Promise.withResolvers<void>();
  const isReady = createStoreCheck(
    () => {
      asked++;
      return answer.promise;
    },
    () => 0,
  );
  const first = isReady();
  t.mock.timers.tick(2_000);
  assert.equal(await first, false);
  const second = isReady();
  assert.equal(asked, 1);
  answer.resolve();
  assert.equal(await second, true);
});
