import './builtins.ts';
import { parentPort } from 'node:worker_threads';
import type { Done, Job } from './campaign.ts';
import { runPlan } from './run.ts';

parentPort?.on('message', async ({ plan }: Job) => {
  const result = await runPlan(plan);
  parentPort?.postMessage({ plan, result } satisfies Done);
});
