import './builtins.ts';
import { plantNamed } from './planted/index.ts';
import { Scenario } from './scenario.ts';
import { takeViolation, Violation } from './violation.ts';

/** One run, told again by the same plan. */
export interface Plan {
  readonly seed: number;
  readonly actions: number;
  readonly withoutActions: ReadonlySet<number>;
  readonly withoutFaults: ReadonlySet<number>;
  /** The name of a planted fault. */
  readonly plant?: string | undefined;
  /** With what that fault is planted with, and not the fault. */
  readonly control?: boolean | undefined;
}

export interface RunResult {
  /** Undefined where all is well. */
  readonly violation: string | undefined;
  readonly events: number;
  readonly entries: number;
  /** Simulated time, ms. */
  readonly time: number;
  /** How often each thing happened. */
  readonly counts: ReadonlyMap<string, number>;
  /** Numbers of the faults that happened. */
  readonly faults: readonly number[];
}

export const planOf = (seed: number, actions = 80): Plan => ({
  seed,
  actions,
  withoutActions: new Set(),
  withoutFaults: new Set(),
});

/**
 * Runs a plan to its end or its first violation. Runs follow one another: time and chance are the process's. Errors have stacks only in a
 * run that is traced: faults make many, and a violation is told again.
 */
export async function runPlan(plan: Plan, trace?: (text: string) => void): Promise<RunResult> {
  takeViolation();
  const { stackTraceLimit } = Error;
  if (trace === undefined) Error.stackTraceLimit = 0;
  const planted = plantNamed(plan.plant);
  const plant = plan.control ? planted?.control : planted;
  const scenario = new Scenario({ ...plan, plant, ...(trace === undefined ? {} : { trace }) });
  const uproot = plant?.install?.();
  const { world } = scenario;
  const began = world.scheduler.now;
  let violation: string | undefined;
  try {
    await scenario.run();
  } catch (cause) {
    violation = cause instanceof Violation ? cause.message : `fault: ${(cause as Error).stack ?? cause}`;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    world.scheduler.close();
    world.store.close();
    uproot?.();
  }
  violation = takeViolation()?.message ?? violation;
  let entries = 0;
  for (const truth of world.truths.values()) entries += truth.length;
  return {
    violation,
    events: world.scheduler.events,
    entries,
    time: world.scheduler.now - began,
    counts: world.faults.counts,
    faults: world.faults.fired,
  };
}
