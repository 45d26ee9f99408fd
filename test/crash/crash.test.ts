import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crashRounds } from './rounds.ts';

test('kill -9 under load, twice over: nothing acknowledged is lost, nothing is there twice', async (t) => {
  const report = (line: string) => t.diagnostic(line);
  const { acknowledged, within, after } = await crashRounds({
    rounds: 2,
    seed: 7,
    changes: [300, 600],
    report,
  });
  assert.ok(acknowledged >= 600);
  assert.equal(within + after, 2, 'each in a compaction, or right after one');
});
