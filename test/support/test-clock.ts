import { randomBytes } from 'node:crypto';
import type { Entropy } from '../../shared/ids.ts';

export const hour = 3600_000;
export const day = 24 * hour;

/** A clock that stands still until it is moved, forwards: adapters compare it with their own and refuse what is minutes old. */
export interface TestClock extends Entropy {
  /** Moves it; timers go off on the way, in order, each at its time. */
  advance(ms: number): void;
  /** Calls back when the clock has moved by `ms`; the returned function takes that back. */
  after(ms: number, run: () => void): () => void;
}

export function testClock(start = Date.now()): TestClock {
  let time = start;
  const timers = new Set<{ readonly due: number; readonly run: () => void }>();
  const nextUntil = (end: number) =>
    [...timers].filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)[0];
  return {
    now: () => time,
    bytes: (count) => randomBytes(count),
    advance: (ms) => {
      const end = time + ms;
      for (let next = nextUntil(end); next; next = nextUntil(end)) {
        timers.delete(next);
        time = Math.max(time, next.due);
        next.run();
      }
      time = end;
    },
    after: (ms, run) => {
      const timer = { due: Math.ceil(time + ms), run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
  };
}
