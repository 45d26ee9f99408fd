import { randomBytes } from 'node:crypto';
import type { Entropy } from '../../shared/ids.ts';

export const hour = 3600_000;
export const day = 24 * hour;

/** A clock that stands still until it is moved, forwards: adapters compare it with their own and refuse what is minutes old. */
export interface TestClock extends Entropy {
  advance(ms: number): void;
}

export function testClock(start = Date.now()): TestClock {
  let time = start;
  return {
    now: () => time,
    bytes: (count) => randomBytes(count),
    advance: (ms) => {
      time += ms;
    },
  };
}
