import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Plan, RunResult } from './run.ts';

/** What a worker is sent, and what it sends back. */
export interface Job {
  readonly plan: Plan;
}
export interface Done {
  readonly plan: Plan;
  readonly result: RunResult;
}

/** What many runs came to. */
export interface Totals {
  runs: number;
  events: number;
  entries: number;
  /** Simulated, ms. */
  time: number;
  readonly counts: Map<string, number>;
  /** In how many runs each thing happened. */
  readonly runsWith: Map<string, number>;
  readonly violations: Done[];
}

export const noTotals = (): Totals => ({
  runs: 0,
  events: 0,
  entries: 0,
  time: 0,
  counts: new Map(),
  runsWith: new Map(),
  violations: [],
});

export function add(totals: Totals, done: Done): void {
  const { result } = done;
  totals.runs++;
  totals.events += result.events;
  totals.entries += result.entries;
  totals.time += result.time;
  for (const [what, times] of result.counts) {
    totals.counts.set(what, (totals.counts.get(what) ?? 0) + times);
    totals.runsWith.set(what, (totals.runsWith.get(what) ?? 0) + 1);
  }
  if (result.violation !== undefined) totals.violations.push(done);
}

export interface CampaignOptions {
  readonly workers?: number;
  /** Ends the campaign early. */
  readonly enough?: (totals: Totals) => boolean;
  readonly progress?: (totals: Totals) => void;
}

/** Runs plans on all cores: time and chance belong to a thread, so each run has one for itself. */
export async function runAll(plans: Iterable<Plan>, options: CampaignOptions = {}): Promise<Totals> {
  const { workers = availableParallelism(), enough = () => false, progress = () => undefined } = options;
  const totals = noTotals();
  const source = plans[Symbol.iterator]();
  const next = (): Plan | undefined => (enough(totals) ? undefined : source.next().value);
  const threads: Worker[] = [];
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      let plan = next();
      if (plan === undefined) return resolve();
      const worker = new Worker(new URL('./worker.ts', import.meta.url));
      threads.push(worker);
      worker.on('message', (done: Done) => {
        add(totals, done);
        progress(totals);
        plan = next();
        if (plan === undefined) resolve();
        else worker.postMessage({ plan } satisfies Job);
      });
      worker.on('error', reject);
      worker.postMessage({ plan } satisfies Job);
    });
  try {
    await Promise.all(Array.from({ length: workers }, one));
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
  return totals;
}
