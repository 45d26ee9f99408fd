import './builtins.ts';
import { parseArgs } from 'node:util';
import { type Done, runAll, type Totals } from './campaign.ts';
import { plantNamed, plants } from './planted/index.ts';
import { isFound, type Plant } from './planted/plant.ts';
import { type Plan, planOf, type RunResult, runPlan } from './run.ts';
import { shrink } from './shrink.ts';

const usage = `npm run simulate -- [options]
  --seeds N        runs this many seeds (100)
  --from SEED      beginning here (1)
  --actions N      things that happen in a run (80)
  --minutes N      stops after so long, with what was run by then
  --workers N      threads (one a core)
  --planted        checks that each planted fault is found, and prints by which seed
  --plant NAME     the same of this one only, from --from on; with --seed: that run has it
  --seed SEED      one run, with its history
  --replay PLAN    one shrunk run as a violation printed it, with its history
  --shrink S       seconds spent on making a violation's history smaller (30)`;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    actions: { type: 'string', default: '80' },
    minutes: { type: 'string' },
    workers: { type: 'string' },
    planted: { type: 'boolean', default: false },
    plant: { type: 'string' },
    seed: { type: 'string' },
    replay: { type: 'string' },
    shrink: { type: 'string', default: '30' },
    help: { type: 'boolean', default: false },
  },
});

const number = (text: string, name: string): number => {
  const n = Number(text);
  if (!Number.isSafeInteger(n) || n < 0) {
    console.error(`--${name} takes a whole number, not ${text}`);
    process.exit(2);
  }
  return n;
};

/** `seed:actions:actions left out:faults left out`. */
function printPlan({ seed, actions, withoutActions, withoutFaults }: Plan): string {
  return `${seed}:${actions}:${[...withoutActions].join(',')}:${[...withoutFaults].join(',')}`;
}

function readPlan(text: string): Plan {
  const [seed = '', actions = '80', ...sets] = text.split(':');
  const [withoutActions = new Set<number>(), withoutFaults = new Set<number>()] = sets.map(
    (set) => new Set(set === '' ? [] : set.split(',').map((n) => number(n, 'replay'))),
  );
  return { seed: number(seed, 'replay'), actions: number(actions, 'replay'), withoutActions, withoutFaults };
}

const historyLines = 400;

/** Prints a run's history, and whether it ended well. */
async function tell(plan: Plan): Promise<boolean> {
  const history: string[] = [];
  const { violation } = await runPlan(plan, (text) => history.push(text));
  console.log(history.slice(-historyLines).join('\n'));
  if (violation === undefined) console.log(`simulation: seed ${plan.seed} ends well`);
  else console.log(`simulation: VIOLATION with seed ${plan.seed}: ${violation}`);
  return violation === undefined;
}

function printTotals({ runs, events, entries, time, counts, runsWith }: Totals): void {
  const days = Math.round(time / 86_400_000);
  console.log(`${runs} runs, ${events} events, ${entries} entries, ${days} simulated days`);
  for (const [what, times] of [...counts].sort((a, b) => b[1] - a[1]))
    console.log(`  ${String(times).padStart(10)}  ${what} (in ${runsWith.get(what)} runs)`);
}

async function explain({ plan, result }: Done): Promise<void> {
  const deadline = Date.now() + number(values.shrink, 'shrink') * 1000;
  const small = await shrink(plan, result.violation ?? '', deadline);
  await tell(small);
  console.log(`again: npm run simulate -- --replay ${printPlan(small)}`);
}

/**
 * Each planted fault must be found within its number of seeds, by the violation that it stands for: what finds none of them proves
 * nothing, and a hook that breaks is no fault of the product's that was found.
 */
async function checkPlants(checked: readonly Plant[], from: number): Promise<boolean> {
  const missed: string[] = [];
  for (const plant of checked) {
    const { name, within, finds } = plant;
    const found = ({ violations }: Totals) =>
      violations.filter(({ result }) => isFound(plant, result.violation)).sort(bySeed)[0];
    function* plans() {
      for (let seed = from; seed <= within; seed++) yield { ...planOf(seed), plant: name };
    }
    const totals = await runAll(plans(), { enough: (so) => found(so) !== undefined });
    const first = found(totals);
    const others = totals.violations.filter(({ result }) => !isFound(plant, result.violation)).sort(bySeed);
    const seeds = others.slice(0, 3).map(({ plan, result }) => `seed ${plan.seed} (${firstLine(result)})`);
    console.log(
      first === undefined
        ? `  ${name}: NOT FOUND in ${totals.runs} seeds: nothing like ${finds}`
        : `  ${name}: seed ${first.plan.seed}: ${firstLine(first.result)}`,
    );
    if (seeds.length > 0) console.log(`    ended otherwise: ${others.length}, so ${seeds.join(', ')}`);
    if (first === undefined) missed.push(name);
  }
  console.log(
    missed.length === 0
      ? `simulation: all ${checked.length} planted faults are found`
      : `simulation: NOT FOUND: ${missed.join(', ')}`,
  );
  return missed.length === 0;
}

const bySeed = (a: Done, b: Done): number => a.plan.seed - b.plan.seed;
const firstLine = ({ violation }: RunResult): string | undefined => violation?.split('\n')[0];

function plantToCheck(name: string): Plant {
  const plant = plantNamed(name);
  if (plant !== undefined) return plant;
  console.error(`--plant takes one of: ${plants.map((one) => one.name).join(', ')}`);
  process.exit(2);
}

async function campaign(): Promise<boolean> {
  const began = Date.now();
  const from = number(values.from, 'from');
  const count = number(values.seeds, 'seeds');
  const actions = number(values.actions, 'actions');
  const minutes = values.minutes === undefined ? Number.POSITIVE_INFINITY : number(values.minutes, 'minutes');
  const deadline = began + minutes * 60_000;
  function* plans() {
    for (let seed = from; seed < from + count; seed++) yield planOf(seed, actions);
  }
  const totals = await runAll(plans(), {
    ...(values.workers !== undefined && { workers: number(values.workers, 'workers') }),
    enough: ({ violations }) => violations.length > 0 || Date.now() > deadline,
  });
  printTotals(totals);
  const [first] = totals.violations;
  if (first !== undefined) await explain(first);
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  console.log(
    first === undefined
      ? `simulation: ${totals.runs} seeds from ${from}, no violation, ${seconds} s`
      : `simulation: VIOLATION with seed ${first.plan.seed}: ${firstLine(first.result)}`,
  );
  return first === undefined;
}

if (values.help) console.log(usage);
else {
  const plan = values.replay ?? values.seed;
  const plant = values.plant === undefined ? undefined : plantToCheck(values.plant);
  const many = () => {
    if (plant !== undefined) return checkPlants([plant], number(values.from, 'from'));
    return values.planted ? checkPlants(plants, 1) : campaign();
  };
  const well = await (plan === undefined ? many() : tell({ ...readPlan(plan), plant: plant?.name }));
  process.exitCode = well ? 0 : 1;
}
