import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quiescence } from './builtins.ts';

test('at the end of each event all that follows from it at once has happened', async () => {
  // More of them than ends that are asked for in one round of the event loop.
  for (let event = 0; event < 200; event++) {
    let reached = false;
    const deep = async (depth: number): Promise<void> => {
      await undefined;
      if (depth > 0) return deep(depth - 1);
      process.nextTick(() => process.nextTick(() => void Promise.resolve().then(() => (reached = true))));
    };
    void deep(20);
    await quiescence();
    assert.ok(reached, `event ${event}`);
  }
});

test('whoever waits for the same end is told of it', async () => {
  const told: number[] = [];
  await Promise.all([1, 2, 3].map((n) => quiescence().then(() => told.push(n))));
  assert.deepEqual(told, [1, 2, 3]);
});
