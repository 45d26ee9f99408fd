import { runAll, type Totals } from './campaign.ts';
import { explain, firstLine, type Print } from './history.ts';
import type { Plan } from './run.ts';

export interface ReportOptions {
  /** Undefined for one a core. */
  readonly workers: number | undefined;
  /** After so long it ends with what was run by then, ms. */
  readonly longest: number;
  /** Spent on making a violation smaller, ms. */
  readonly shrinking: number;
}

/** Runs plans up to the first violation, and prints what they came to; the last line is the verdict. */
export async function campaign(
  plans: readonly Plan[],
  options: ReportOptions,
  print: Print,
): Promise<boolean> {
  const began = Date.now();
  const deadline = began + options.longest;
  const totals = await runAll(plans, {
    ...(options.workers !== undefined && { workers: options.workers }),
    enough: ({ violations }) => violations.length > 0 || Date.now() > deadline,
  });
  printTotals(totals, print);
  const [first] = totals.violations;
  if (first !== undefined) await explain(first, Date.now() + options.shrinking, print);
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  print(
    first === undefined
      ? `simulation: ${totals.runs} seeds from ${plans[0]?.seed}, no violation, ${seconds} s`
      : `simulation: VIOLATION with seed ${first.plan.seed}: ${firstLine(first.result)}`,
  );
  return first === undefined;
}

function printTotals({ runs, events, entries, time, counts, runsWith }: Totals, print: Print): void {
  const days = Math.round(time / 86_400_000);
  print(`${runs} runs, ${events} events, ${entries} entries, ${days} simulated days`);
  for (const [what, times] of [...counts].sort((a, b) => b[1] - a[1]))
    print(`  ${String(times).padStart(10)}  ${what} (in ${runsWith.get(what)} runs)`);
}
