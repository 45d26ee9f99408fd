import type { Bench } from './bench.ts';
export async function python(_b: Bench): Promise<void> {}
