import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FailureTable, OpenCounts, RecentMap, TokenBuckets } from '../../shared/net/limits.ts';

test('a recent map forgets the entry touched longest ago', () => {
  const map = new RecentMap<string, number>(2);
  map.set('a', 1);
  map.set('b', 2);
  map.get('a');
  map.set('c', 3);
  assert.equal(map.get('a'), 1);
  assert.equal(map.get('b'), undefined);
  assert.equal(map.get('c'), 3);
  map.set('c', 4);
  assert.equal(map.size, 2);
});

test('a token bucket allows its burst, then its rate', () => {
  const buckets = new TokenBuckets({ burst: 2, perSecond: 10, capacity: 10 });
  assert.equal(buckets.take('a', 0), 0);
  assert.equal(buckets.take('a', 0), 0);
  assert.equal(buckets.take('a', 0), 100);
  assert.equal(buckets.take('a', 50), 50);
  assert.equal(buckets.take('b', 50), 0);
  assert.equal(buckets.take('a', 100), 0);
  assert.equal(buckets.take('a', 100_000), 0);
  assert.equal(buckets.take('a', 100_000), 0);
  assert.equal(buckets.take('a', 100_000), 100);
});

test('failures are free at first, then cost a wait that doubles up to a bound', () => {
  const table = new FailureTable({
    free: 2,
    firstDelayMs: 100,
    maxDelayMs: 300,
    forgetAfterMs: 10_000,
    capacity: 10,
  });
  const waits: number[] = [];
  for (let i = 0; i < 6; i++) {
    table.failed('a', 0);
    waits.push(table.waitMs('a', 0));
  }
  assert.deepEqual(waits, [0, 0, 100, 200, 300, 300]);
  assert.equal(table.waitMs('a', 250), 50);
  assert.equal(table.waitMs('b', 0), 0);
  table.failed('a', 20_000);
  assert.equal(table.waitMs('a', 20_000), 0);
});

test('a success clears a key', () => {
  const table = new FailureTable({
    free: 0,
    firstDelayMs: 100,
    maxDelayMs: 300,
    forgetAfterMs: 1000,
    capacity: 1,
  });
  table.failed('a', 0);
  table.succeeded('a');
  assert.equal(table.waitMs('a', 0), 0);
});

test('open counts hold the total and each address to its limit; trusted ones only to the total', () => {
  const counts = new OpenCounts(3, 1);
  assert.equal(counts.open('a', false), 'ok');
  assert.equal(counts.open('a', false), 'tooManyFromAddress');
  assert.equal(counts.open('a', true), 'ok');
  assert.equal(counts.open('b', false), 'ok');
  assert.equal(counts.open('c', true), 'tooMany');
  counts.close('a');
  counts.close('a');
  assert.equal(counts.open('a', false), 'ok');
  assert.equal(counts.total, 2);
  assert.throws(() => counts.close('z'));
});
