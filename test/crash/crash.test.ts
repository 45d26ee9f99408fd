import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crashRounds } from './rounds.ts';

/** CI kills it twenty times (`npm run test:crash`), at moments of every kind. */
test('kill -9 under load: nothing acknowledged is lost, nothing is there twice', async (t) => {
  const report = (line: string) => t.diagnostic(line);
  const { acknowledged, within, after } = await crashRounds({
    rounds: 1,
    seed: 7,
    changes: [300, 600],
    report,
  });
  assert.ok(acknowledged >= 300);
  assert.equal(within + after, 1, 'in a compaction, or right after one');
});
