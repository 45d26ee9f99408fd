import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { AdminRecord, AdminRecords } from '../../shared/ports/admin-records.ts';

export interface AdminRecordsGround {
  readonly records: AdminRecords;
  /** Another process's. */
  another(): Promise<AdminRecords>;
  pass(ms: number): void;
  now(): number;
}

const record = (name: string, text = `text of ${name}`): AdminRecord => ({
  kind: 'key',
  name,
  text,
  expires: undefined,
});

/** Every adapter of AdminRecords passes it; each call of `make` gives an empty one. */
export function adminRecordsContract(make: (t: TestContext) => Promise<AdminRecordsGround>): void {
  describe('AdminRecords', () => {
    test('a record is added once, found as it is by every process, and removed', async (t) => {
      const { records, another } = await make(t);
      const other = await another();
      assert.equal(await records.record('key', 'a'), undefined);
      assert.equal(await records.addRecord(record('a', 'grüße "{}"')), true);
      assert.equal(await other.addRecord(record('a', 'else')), false);
      assert.deepEqual(await other.record('key', 'a'), record('a', 'grüße "{}"'));
      assert.equal(await records.record('audit', 'a'), undefined);
      assert.equal(await records.removeRecord('key', 'a'), true);
      assert.equal(await records.removeRecord('key', 'a'), false);
      assert.equal(await other.record('key', 'a'), undefined);
    });

    test('the same text again is the same record: a lost answer may be asked for again', async (t) => {
      const { records } = await make(t);
      assert.equal(await records.addRecord(record('a')), true);
      assert.equal(await records.addRecord(record('a')), true);
    });

    test('of those who add one name at once, one does', async (t) => {
      const { records, another } = await make(t);
      const other = await another();
      const added = await Promise.all(
        Array.from({ length: 8 }, (_, i) => (i % 2 ? records : other).addRecord(record('a', `by ${i}`))),
      );
      assert.equal(added.filter(Boolean).length, 1);
    });

    test('putting writes over, and makes what is not there', async (t) => {
      const { records } = await make(t);
      await records.putRecord(record('a', 'one'));
      await records.putRecord(record('a', 'two'));
      assert.equal((await records.record('key', 'a'))?.text, 'two');
    });

    test('an expired record is as one that was removed', async (t) => {
      const { records, pass, now } = await make(t);
      const brief = { ...record('a'), expires: now() + 1000 };
      await records.addRecord(brief);
      assert.deepEqual(await records.record('key', 'a'), brief);
      pass(1000);
      assert.equal(await records.record('key', 'a'), undefined);
      assert.deepEqual((await records.records('key', 10)).items, []);
      assert.equal(await records.removeRecord('key', 'a'), false);
      await records.addRecord({ ...brief, expires: now() + 1000 });
      pass(1000);
      assert.equal(await records.addRecord(record('a', 'the next')), true);
      assert.equal((await records.record('key', 'a'))?.text, 'the next');
    });

    test('what is about one tenant is listed without the rest, also what is said later', async (t) => {
      const { records, another, pass, now } = await make(t);
      const other = await another();
      const names = Array.from({ length: 520 }, (_, i) => `n${String(i).padStart(5, '0')}`);
      for (let i = 0; i < names.length; i += 50)
        await Promise.all(names.slice(i, i + 50).map((name) => records.putRecord(record(name))));
      await records.addRecord({ ...record('a'), tenant: 'acme' });
      assert.equal(await other.addRecord({ ...record('a', 'else'), tenant: 'acme' }), false);
      await records.putRecord({ ...record('n00500', 'now known'), tenant: 'acme' });
      await records.addRecord({ ...record('z'), tenant: 'acme', expires: now() + 1000 });
      await records.addRecord({ ...record('b'), tenant: 'else' });
      const first = await other.records('key', 2, undefined, 'acme');
      assert.deepEqual(first.items, [
        { ...record('a'), tenant: 'acme' },
        { ...record('n00500', 'now known'), tenant: 'acme' },
      ]);
      const last = await records.records('key', 2, first.next, 'acme');
      assert.deepEqual([last.items.map(({ name }) => name), last.next], [['z'], undefined]);
      assert.equal((await records.record('key', 'a'))?.tenant, 'acme');
      pass(1000);
      assert.equal(await records.addRecord({ ...record('z', 'the next'), tenant: 'acme' }), true);
      assert.equal(await records.removeRecord('key', 'n00500'), true);
      assert.equal(await records.removeRecord('key', 'n00500'), false);
      const left = await other.records('key', 10, undefined, 'acme');
      assert.deepEqual(
        left.items.map(({ name, text }) => [name, text]),
        [
          ['a', 'text of a'],
          ['z', 'the next'],
        ],
      );
    });

    test('lists are in order, by pages, each kind for itself', async (t) => {
      const { records } = await make(t);
      const names = Array.from({ length: 25 }, (_, i) => `n${String(i).padStart(2, '0')}`);
      for (const name of names.toReversed()) await records.addRecord(record(name));
      await records.addRecord({ ...record('n00'), kind: 'audit' });
      const seen: string[] = [];
      let pages = 0;
      for (let after: string | undefined; ; pages++) {
        const { items, next } = await records.records('key', 10, after);
        seen.push(...items.map(({ name }) => name));
        if (next === undefined) break;
        after = next;
      }
      assert.deepEqual(seen, names);
      assert.equal(pages, 2);
      assert.equal((await records.records('audit', 10)).items.length, 1);
    });
  });
}
