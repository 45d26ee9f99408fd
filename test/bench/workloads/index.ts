import type { Workload } from '../workload.ts';
import { appendWorkloads } from './append.ts';
import { changeWorkloads } from './change.ts';
import { connectionWorkloads } from './connections.ts';
import { fetchWorkloads } from './fetch.ts';
import { searchWorkloads } from './search.ts';
import { signInWorkloads } from './sign-in.ts';

/** All that is measured, in the order in which it is shown. */
export const workloads: readonly Workload[] = [
  ...signInWorkloads,
  ...fetchWorkloads,
  ...appendWorkloads,
  ...changeWorkloads,
  ...searchWorkloads,
  ...connectionWorkloads,
];
