import './builtins.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runAll } from './campaign.ts';
import { plants } from './planted/index.ts';
import { isFound } from './planted/plant.ts';
import { planOf, runPlan } from './run.ts';

/** CI runs hundreds (docs/simulation.md); these are enough that every kind of fault comes. */
test('six seeds of the whole engine on the AWS adapters end well', async () => {
  const seeds = Array.from({ length: 6 }, (_, i) => i + 1);
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

test('a planted fault is found by the violation that it stands for, and not by a hook that breaks', async () => {
  const [dropTheCondition] = plants;
  const { violation } = await runPlan({ ...planOf(1), plant: dropTheCondition!.name });
  assert.ok(isFound(dropTheCondition!, violation), violation);
  const broken = [
    undefined,
    "fault: TypeError: Cannot read properties of undefined (reading 'body')",
    'compact: TypeError: encodeEntry is not a function',
    'no end comes of n2 for ann',
  ];
  for (const plant of plants)
    for (const text of broken) assert.ok(!isFound(plant, text), `${plant.name}: ${text}`);
});
