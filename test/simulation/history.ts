import type { Done } from './campaign.ts';
import { printPlan } from './plan-text.ts';
import { type Plan, type RunResult, runPlan } from './run.ts';
import { shrink } from './shrink.ts';

/** Where the command's lines go. */
export type Print = (text: string) => void;

const historyLines = 400;

export const firstLine = ({ violation }: RunResult): string | undefined => violation?.split('\n')[0];

/** Prints a run's history, and at last whether it ended well. */
export async function tell(plan: Plan, print: Print): Promise<boolean> {
  const history: string[] = [];
  const { violation } = await runPlan(plan, (text) => history.push(text));
  print(history.slice(-historyLines).join('\n'));
  if (violation === undefined) print(`simulation: seed ${plan.seed} ends well`);
  else {
    // Its first line is the verdict: where it was thrown is no part of that.
    const [verdict, ...where] = violation.split('\n');
    if (where.length > 0) print(where.join('\n'));
    print(`simulation: VIOLATION with seed ${plan.seed}: ${verdict}`);
  }
  return violation === undefined;
}

/** Prints the history of a violation, made smaller for so long, and how it is told again. `deadline`: ms of the machine's clock. */
export async function explain({ plan, result }: Done, deadline: number, print: Print): Promise<void> {
  const small = await shrink(plan, result.violation ?? '', deadline);
  await tell(small, print);
  const plant = small.plant === undefined ? '' : ` --plant "${small.plant}"`;
  print(`again: npm run simulate -- --replay ${printPlan(small)}${plant}`);
}
