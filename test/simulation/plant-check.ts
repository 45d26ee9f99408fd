import { type Done, runAll, type Totals } from './campaign.ts';
import { firstLine, type Print } from './history.ts';
import { isFound, type Plant } from './planted/plant.ts';
import { planOf } from './run.ts';

export interface CheckOptions {
  /** The first seed. */
  readonly from: number;
  /** Undefined for one a core. */
  readonly workers: number | undefined;
}

/**
 * Each planted fault must be found within its number of seeds, by the violation that it stands for: what finds none of them proves
 * nothing, and a hook that breaks is no fault of the product's that was found.
 */
export async function checkPlants(
  checked: readonly Plant[],
  { from, workers }: CheckOptions,
  print: Print,
): Promise<boolean> {
  const missed: string[] = [];
  for (const plant of checked) {
    const { name, within, finds } = plant;
    const found = ({ violations }: Totals) =>
      violations.filter(({ result }) => isFound(plant, result.violation)).sort(bySeed)[0];
    function* plans() {
      for (let seed = from; seed <= within; seed++) yield { ...planOf(seed), plant: name };
    }
    const totals = await runAll(plans(), {
      ...(workers !== undefined && { workers }),
      enough: (so) => found(so) !== undefined,
    });
    const first = found(totals);
    const others = totals.violations.filter(({ result }) => !isFound(plant, result.violation)).sort(bySeed);
    const seeds = others.slice(0, 3).map(({ plan, result }) => `seed ${plan.seed} (${firstLine(result)})`);
    print(
      first === undefined
        ? `  ${name}: NOT FOUND in ${totals.runs} seeds: nothing like ${finds}`
        : `  ${name}: seed ${first.plan.seed}: ${firstLine(first.result)}`,
    );
    if (seeds.length > 0) print(`    ended otherwise: ${others.length}, so ${seeds.join(', ')}`);
    if (first === undefined || !(await isControlled(plant, first, print))) missed.push(name);
  }
  print(
    missed.length === 0
      ? `simulation: all ${checked.length} planted faults are found`
      : `simulation: NOT FOUND: ${missed.join(', ')}`,
  );
  return missed.length === 0;
}

/** Where a fault was found, what it is planted with brings nothing by itself. */
async function isControlled({ control }: Plant, { plan }: Done, print: Print): Promise<boolean> {
  if (control === undefined) return true;
  const { violations } = await runAll([{ ...plan, control: true }], { workers: 1 });
  for (const { result } of violations) print(`    without the fault itself: ${firstLine(result)}`);
  return violations.length === 0;
}

const bySeed = (a: Done, b: Done): number => a.plan.seed - b.plan.seed;
