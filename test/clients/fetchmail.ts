import type { Bench } from './bench.ts';
export async function fetchmail(_b: Bench): Promise<void> {}
