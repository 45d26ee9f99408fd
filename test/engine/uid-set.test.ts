import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BinaryReader, BinaryWriter } from '../../shared/engine/binary.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';

const sets = fc
  .uniqueArray(fc.integer({ min: 1, max: 300 }), { maxLength: 80 })
  .map((uids) => uids.sort((a, b) => a - b));

test('set algebra agrees with sets of numbers', () =>
  fc.assert(
    fc.property(sets, sets, (a, b) => {
      const [x, y] = [UidSet.of(a), UidSet.of(b)];
      const sorted = (s: Iterable<number>) => [...new Set(s)].sort((p, q) => p - q);
      assert.deepEqual([...x.union(y)], sorted([...a, ...b]));
      assert.deepEqual(
        [...x.intersect(y)],
        a.filter((u) => b.includes(u)),
      );
      assert.deepEqual(
        [...x.subtract(y)],
        a.filter((u) => !b.includes(u)),
      );
      assert.equal(x.size, a.length);
      for (let u = 0; u <= 301; u++) assert.equal(x.has(u), a.includes(u));
    }),
  ));

test('ranges in any order, overlapping and reversed, make one set', () =>
  assert.equal(
    UidSet.ofRanges([
      [9, 7],
      [1, 3],
      [2, 5],
      [6, 6],
    ]).toString(),
    '1:9',
  ));

const stored = (set: UidSet): Uint8Array => {
  const out = new BinaryWriter();
  set.write(out);
  return out.take();
};

test('writing then reading gives the set back, as ranges and as bitmaps', () =>
  fc.assert(
    fc.property(sets, fc.integer({ min: 1, max: 50 }), (uids, spread) => {
      const set = UidSet.of(uids.map((u) => u * spread));
      assert.deepEqual([...UidSet.read(new BinaryReader(stored(set)))], [...set]);
    }),
  ));

test('every second of 100,000 messages is stored as bitmaps, an eighth of a byte for each UID passed', () => {
  const set = UidSet.of(Array.from({ length: 50_000 }, (_, i) => i * 2 + 1));
  const bytes = stored(set);
  assert.ok(bytes.length < 14_000, `${bytes.length} bytes`);
  assert.deepEqual([...UidSet.read(new BinaryReader(bytes))], [...set]);
});

test('a hundred thousand neighbours are a few bytes', () =>
  assert.ok(stored(UidSet.ofRanges([[1, 100_000]])).length < 10));
