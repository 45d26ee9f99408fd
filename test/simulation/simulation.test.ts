import './builtins.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runAll } from './campaign.ts';
import { planOf, runPlan } from './run.ts';

/** CI runs hundreds (docs/simulation.md); these are enough that every kind of fault comes. */
test('twelve seeds of the whole engine on the AWS adapters end well', async () => {
  const seeds = Array.from({ length: 12 }, (_, i) => i + 1);
  // On a thread: what watches each promise for node:test takes a quarter of the time otherwise.
  const totals = await runAll(
    seeds.map((seed) => planOf(seed)),
    { workers: 1 },
  );
  assert.equal(totals.runs, seeds.length);
  assert.deepEqual(
    totals.violations.map(({ plan, result }) => `${plan.seed}: ${result.violation}`),
    [],
  );
  for (const what of [
    'crash',
    'freeze',
    'clockJump',
    'lostAnswer',
    'lateEffect',
    'refused',
    'cache compared',
  ])
    assert.ok((totals.counts.get(what) ?? 0) > 0, `${what} never happened`);
});

test('a seed is a history: the same again, another for another seed', async () => {
  const history = async (seed: number) => {
    const lines: string[] = [];
    await runPlan(planOf(seed), (text) => lines.push(text));
    return lines.join('\n');
  };
  const first = await history(5);
  assert.ok(first.length > 1000);
  assert.equal(await history(5), first);
  assert.notEqual(await history(6), first);
});
