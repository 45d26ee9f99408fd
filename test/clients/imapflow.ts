import type { Bench } from './bench.ts';
export async function imapflow(_b: Bench): Promise<void> {}
