import type { Mail } from './mail.ts';
import type { Server } from './server.ts';

/** One figure of a workload; smaller is better everywhere. */
export interface Measure {
  readonly name: string;
  readonly unit: 'ms' | 'ms each' | 'KB each';
  /** How many times less than the better Dovecot it is to be. */
  readonly aim: 1 | 3 | 10;
}

export interface Workload {
  readonly measures: readonly Measure[];
  /** Whether it works on the mailbox that takes long to fill. */
  readonly large?: true;
  /** Whether it changes mail: measured once more with every server durable. */
  readonly writes?: true;
  /** Whether another account is served before the measured one. */
  readonly other?: true;
  /** Whether it measures a server that has not done the same before. */
  readonly unprepared?: true;
  /** Rounds that are enough, where it takes long and varies little. */
  readonly rounds?: number;
  /**
   * Measures once: a figure for each measure, in their order. What it changes it puts back, or it works on mail of its own. Throws
   * where an answer is not what it must be.
   */
  run(server: Server, mail: Mail): Promise<readonly number[]>;
}

export async function timed(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}

/** Milliseconds for one of `count` repetitions. */
export async function each(count: number, action: (i: number) => Promise<unknown>): Promise<number> {
  const total = await timed(async () => {
    for (let i = 0; i < count; i++) await action(i);
  });
  return total / count;
}

export const equal = (what: string, found: number, wanted: number): void => {
  if (found !== wanted) throw new Error(`${what}: ${found} instead of ${wanted}`);
};
