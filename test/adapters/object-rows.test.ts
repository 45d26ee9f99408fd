import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { suite, test } from 'node:test';
import { ObjectRows } from '../../shared/adapters/embedded/object-rows.ts';
import { createTables } from '../../shared/adapters/embedded/schema.ts';

/** A database of some objects, and how many transactions were begun on it by name. */
function ground(objects: Readonly<Record<string, string>>) {
  const db = new DatabaseSync(':memory:');
  createTables(db);
  const insert = db.prepare('INSERT INTO blobs (key, size, bytes) VALUES (?, ?, ?)');
  for (const [key, text] of Object.entries(objects)) insert.run(key, text.length, Buffer.from(text));
  let begun = 0;
  const counting = {
    prepare: (sql: string) => {
      const statement = db.prepare(sql);
      if (sql !== 'BEGIN') return statement;
      const run = () => {
        begun++;
        return statement.run();
      };
      return { run };
    },
  } as unknown as DatabaseSync;
  return { db, rows: new ObjectRows(counting), begun: () => begun };
}

suite('rows of objects', () => {
  test('what is asked for together is read in one transaction', async () => {
    const { db, rows, begun } = ground({ a: 'first', b: 'second', c: '' });
    const read = await Promise.all(['a', 'b', 'c', 'd'].map((key) => rows.read(key)));
    const texts = read.map((row) => row && Buffer.from(row.bytes).toString());
    assert.deepEqual(texts, ['first', 'second', '', undefined]);
    assert.equal(begun(), 1);
    assert.equal(db.isTransaction, false);
  });

  test('one alone needs none', async () => {
    const { rows, begun } = ground({ a: 'first' });
    assert.equal((await rows.read('a'))?.size, 5);
    assert.equal((await rows.read('b'))?.size, undefined);
    assert.equal(begun(), 0);
  });

  test('a store that is closed fails each, and nothing else', async () => {
    const { db, rows } = ground({ a: 'first', b: 'second' });
    const asked = [rows.read('a'), rows.read('b')];
    db.close();
    for (const result of await Promise.allSettled(asked)) assert.equal(result.status, 'rejected');
    await assert.rejects(rows.read('a'));
  });
});
