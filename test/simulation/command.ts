import { parseArgs } from 'node:util';
import { campaign } from './campaign-report.ts';
import { type Print, tell } from './history.ts';
import { BadOption, readPlan, wholeNumber } from './plan-text.ts';
import { checkPlants } from './plant-check.ts';
import { plantNamed, plants } from './planted/index.ts';
import type { Plant } from './planted/plant.ts';
import { type Plan, planOf } from './run.ts';

const usage = `npm run simulate -- [options]
  --seeds N        runs this many seeds (100)
  --from SEED      beginning here (1)
  --actions N      things that happen in a run (80)
  --minutes N      stops after so long, with what was run by then
  --workers N      threads (one a core)
  --planted        checks that each planted fault is found, and prints by which seed
  --plant NAME     the same of this one only, from --from on; with --seed or --replay: that run has it
  --seed SEED      one run, with its history
  --replay PLAN    one shrunk run as a violation printed it, with its history
  --shrink S       seconds spent on making a violation's history smaller (30)

The last line is the verdict. Exit code 0: nothing happened that must not; 1: something did, or a planted fault was not found; 2: bad options.`;

const options = {
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
} as const;

function optionsOf(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (cause) {
    throw new BadOption((cause as Error).message);
  }
}
type Options = ReturnType<typeof optionsOf>;

/** The command; its exit code. */
export async function simulate(args: readonly string[], print: Print, complain: Print): Promise<0 | 1 | 2> {
  try {
    return (await run(optionsOf(args), print)) ? 0 : 1;
  } catch (cause) {
    if (!(cause instanceof BadOption)) throw cause;
    complain(cause.message);
    return 2;
  }
}

async function run(given: Options, print: Print): Promise<boolean> {
  if (given.help) {
    print(usage);
    return true;
  }
  const plant = given.plant === undefined ? undefined : plantToHave(given.plant);
  const from = wholeNumber(given.from, 'from');
  const one = onePlan(given);
  if (one !== undefined) return tell({ ...one, plant: plant?.name }, print);
  const workers = given.workers === undefined ? undefined : wholeNumber(given.workers, 'workers', 1);
  if (plant !== undefined) return checkPlants([plant], { from, workers }, print);
  if (given.planted) return checkPlants(plants, { from: 1, workers }, print);
  const count = wholeNumber(given.seeds, 'seeds', 1);
  const actions = wholeNumber(given.actions, 'actions');
  const plans = Array.from({ length: count }, (_, i) => planOf(from + i, actions));
  const { minutes, shrink } = given;
  const limits = {
    workers,
    longest: minutes === undefined ? Number.POSITIVE_INFINITY : wholeNumber(minutes, 'minutes') * 60_000,
    shrinking: wholeNumber(shrink, 'shrink') * 1000,
  };
  return campaign(plans, limits, print);
}

function onePlan({ replay, seed, actions }: Options): Plan | undefined {
  if (replay !== undefined) return readPlan(replay);
  return seed === undefined ? undefined : planOf(wholeNumber(seed, 'seed'), wholeNumber(actions, 'actions'));
}

function plantToHave(name: string): Plant {
  const plant = plantNamed(name);
  if (plant !== undefined) return plant;
  throw new BadOption(`--plant takes one of: ${plants.map((one) => one.name).join(', ')}`);
}
