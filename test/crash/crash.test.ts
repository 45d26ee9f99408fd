import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crashRounds } from './rounds.ts';

test('kill -9 under load, twice over: nothing acknowledged is lost, nothing is there twice', async (t) => {
  const report = (line: string) => t.diagnostic(line);
  const { acknowledged, compactions } = await crashRounds({
    rounds: 2,
    seed: 7,
    // On a busy machine more changes share an entry: enough of them that a tail gets long, and is folded, there too.
    changes: [700, 1000],
    report,
  });
  assert.ok(acknowledged >= 1400);
  assert.ok(compactions > 0);
});
