import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FlagTable } from '../../shared/engine/flag-table.ts';

const flagsOf = (table: FlagTable): string[] =>
  Array.from({ length: table.size }, (_, id) => table.set(id).flags.join(' '));

test('tables that were made of one have nothing of each other', () => {
  const one = FlagTable.empty.intern(['a']).table;
  const left = one.intern(['b']);
  const right = one.intern(['c']);
  assert.deepEqual([left.id, right.id], [2, 2]);
  assert.deepEqual(flagsOf(one), ['', 'a']);
  assert.deepEqual(flagsOf(left.table), ['', 'a', 'b']);
  assert.deepEqual(flagsOf(right.table), ['', 'a', 'c']);
  assert.equal(one.intern(['b']).id, 2);
  assert.equal(right.table.intern(['b']).id, 3);
  assert.equal(left.table.intern(['c', 'a']).id, 3);
  assert.deepEqual(flagsOf(FlagTable.empty), ['']);
});

test('a hundred thousand sets of flags are made one after another without a copy for each', () => {
  let table = FlagTable.empty;
  for (let i = 0; i < 100_000; i++) {
    const flags = Array.from({ length: 17 }, (_, bit) => bit).filter((bit) => (i >> bit) % 2 === 1);
    const interned = table.intern(flags.map((bit) => `k${bit}`));
    assert.equal(interned.id, i);
    table = interned.table;
  }
  assert.equal(table.size, 100_000);
});
