import type { Bench } from './bench.ts';
export async function mutt(_b: Bench): Promise<void> {}
