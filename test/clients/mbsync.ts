import type { Bench } from './bench.ts';
export async function mbsync(_b: Bench): Promise<void> {}
