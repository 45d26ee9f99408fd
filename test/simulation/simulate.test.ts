import './builtins.ts';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { campaign } from './campaign-report.ts';
import { simulate } from './command.ts';
import { BadOption, printPlan, readPlan } from './plan-text.ts';
import { plantNamed } from './planted/index.ts';
import { isFound } from './planted/plant.ts';
import { type Plan, planOf, runPlan } from './run.ts';
import { shrink } from './shrink.ts';

/** Found by the first seed after few events, and yet not without some of what happens before. */
const plant = plantNamed('the same blob key twice')!;
const planted: Plan = { ...planOf(1, 10), plant: plant.name };

/** What the command prints and answers. */
async function command(...args: string[]) {
  const lines: string[] = [];
  const complaints: string[] = [];
  const code = await simulate(
    args,
    (text) => lines.push(...text.split('\n')),
    (text) => complaints.push(text),
  );
  return { code, lines, complaints };
}

test('a violation is shrunk to what it needs, and what is printed of that brings it again', async () => {
  const { violation, faults } = await runPlan(planted);
  assert.ok(isFound(plant, violation), violation);
  assert.ok(faults.length > 0);
  const small = await shrink(planted, violation!, Number.POSITIVE_INFINITY);
  assert.ok(small.actions - small.withoutActions.size < planted.actions);
  assert.ok(small.withoutActions.size > 0 && small.withoutFaults.size > 0);
  const again = { ...readPlan(printPlan(small)), plant: plant.name };
  assert.deepEqual(again, small);
  const replayed = await runPlan(again);
  assert.ok(isFound(plant, replayed.violation), replayed.violation);
  // No fault of the services is in it, for it needs none.
  assert.deepEqual(replayed.faults, []);
});

test('shrinking ends in the same kind of violation only, and at its deadline with what it has', async () => {
  assert.deepEqual(await shrink(planted, 'quite another violation', Number.POSITIVE_INFINITY), planted);
  const { violation } = await runPlan(planted);
  assert.deepEqual(await shrink(planted, violation!, 0), planted);
});

test('a plan is read as it was printed, and nothing else is taken for one', () => {
  const plan = {
    seed: 7,
    actions: 12,
    withoutActions: new Set([0, 3, 11]),
    withoutFaults: new Set<number>(),
  };
  assert.equal(printPlan(plan), '7:12:0,3,11:');
  assert.deepEqual(readPlan('7:12:0,3,11:'), plan);
  for (const text of ['', '7', '7:12', '7:12:3', '7:x::', '7:12:1,,2:', ':12::', '7:12:::', '7:12:-1:'])
    assert.throws(() => readPlan(text), BadOption, text);
});

test('a campaign with a violation explains it, and ends with its verdict; what it says tells that again', async () => {
  const lines: string[] = [];
  const limits = { workers: 1, longest: Number.POSITIVE_INFINITY, shrinking: Number.POSITIVE_INFINITY };
  assert.equal(await campaign([planted], limits, (text) => lines.push(...text.split('\n'))), false);
  assert.match(
    lines.at(-1)!,
    /^simulation: VIOLATION with seed 1: the object \S+ was deleted, and is needed$/,
  );
  const replay = /^again: npm run simulate -- --replay (\S+) --plant "(.+)"$/.exec(lines.at(-2)!);
  assert.ok(replay !== null, lines.at(-2));
  const told = await command('--replay', replay[1]!, '--plant', replay[2]!);
  assert.equal(told.code, 1);
  assert.match(
    told.lines.at(-1)!,
    /^simulation: VIOLATION with seed 1: the object \S+ was deleted, and is needed$/,
  );
  // Without the fault that was planted it ends well.
  const right = await command('--replay', replay[1]!);
  assert.equal(right.code, 0);
  assert.equal(right.lines.at(-1), 'simulation: seed 1 ends well');
});

test('the last line is the verdict: of seeds without a violation, and of a planted fault that is not found', async () => {
  const well = await command('--seeds', '2', '--from', '5', '--actions', '3', '--workers', '1');
  assert.equal(well.code, 0);
  assert.match(well.lines.at(-1)!, /^simulation: 2 seeds from 5, no violation, [\d.]+ s$/);
  const missed = await command('--plant', plant.name, '--from', String(plant.within + 1));
  assert.equal(missed.code, 1);
  assert.equal(missed.lines.at(-1), `simulation: NOT FOUND: ${plant.name}`);
});

test('options that cannot be meant are told, and run nothing', async () => {
  const bad = [
    ['--sead', '5'],
    ['--seeds', 'many'],
    ['--seeds', '0'],
    ['--seeds', ''],
    ['--from', '-1'],
    ['--workers', '0'],
    ['--seed', '1.5'],
    ['--replay', '1:2'],
    ['--plant', 'no such fault'],
    ['--planted=yes'],
    ['stray'],
  ];
  for (const args of bad) {
    const { code, lines, complaints } = await command(...args);
    assert.equal(code, 2, args.join(' '));
    assert.deepEqual(lines, []);
    assert.equal(complaints.length, 1);
  }
});

test("the process's exit code is the command's", async () => {
  const program = new URL('./simulate.ts', import.meta.url).pathname;
  const args = [program, '--seed', '1', '--actions', '10', '--plant', plant.name];
  const [code, out] = await new Promise<readonly [unknown, string]>((resolve) => {
    execFile(process.execPath, args, (cause, out) => resolve([cause?.code ?? 0, out]));
  });
  assert.equal(code, 1);
  assert.match(out.trimEnd().split('\n').at(-1)!, /^simulation: VIOLATION with seed 1: /);
});
