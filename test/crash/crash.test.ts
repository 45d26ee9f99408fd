import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crashRounds } from './rounds.ts';

test('kill -9 under load, twice over: nothing acknowledged is lost, nothing is there twice', async (t) => {
  const report = (line: string) => t.diagnostic(line);
  const { acknowledged } = await crashRounds({
    rounds: 2,
    seed: 7,
    // Enough of them that a tail gets long, and its folding begins.
    changes: [500, 800],
    report,
  });
  assert.ok(acknowledged >= 1000);
});
