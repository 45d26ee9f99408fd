import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FlagChange } from '../../shared/engine/flag-change.ts';
import { FlagTable } from '../../shared/engine/flag-table.ts';
import { differenceOf } from '../../shared/engine/ghosts.ts';
import { appendRows } from '../../shared/engine/row-edits.ts';
import { type Row, rowsOf } from '../../shared/engine/rows.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import type { MessageNo, ModSeq, Uid } from '../../shared/ids.ts';
import { SeededRandom } from '../support/seeded-random.ts';

test('a change of flags makes of each row what it makes of it alone, and says which changed, in long stretches and short ones', () => {
  const random = new SeededRandom(7);
  for (let round = 0; round < 40; round++) {
    let table = FlagTable.empty;
    const ids = [[], ['\\Seen'], ['\\Answered'], ['\\Seen', '\\Answered']].map((flags) => {
      const interned = table.intern(flags);
      table = interned.table;
      return interned.id;
    });
    const rows: Row[] = [];
    for (let uid = 1; rows.length < 700; )
      for (
        let left = random.integer(1, round % 2 === 0 ? 60 : 4), flags = random.pick(ids);
        left > 0;
        left--
      ) {
        const at = { size: 1, internalDate: 1, saveDate: 1, message: uid as MessageNo, modSeq: 1 as ModSeq };
        rows.push({ ...at, uid: uid as Uid, flags });
        uid += random.chance(0.1) ? 2 : 1;
      }
    const chunks = appendRows([], rows, table);
    const first = random.integer(1, 200);
    const uids = UidSet.ofRanges([[first, first + random.integer(1, 600)]]);
    const change = new FlagChange(chunks, uids, table, 9 as ModSeq, (_, had) => [...had, '\\Answered']);
    const after = chunks.map((chunk) => change.apply(chunk, uids));
    const expected = rows.map((row) => {
      const had = table.set(row.flags).flags;
      if (!uids.has(row.uid) || had.includes('\\Answered')) return row;
      return { ...row, flags: change.flags.intern([...had, '\\Answered']).id, modSeq: 9 as ModSeq };
    });
    assert.deepEqual([...rowsOf(after)], expected);
    const changed = rows.filter((row, i) => row !== expected[i]).map(({ uid }) => uid);
    assert.deepEqual([...change.changed], changed);
    assert.deepEqual([...differenceOf(chunks, after, 10_000).flagged], changed);
  }
});
