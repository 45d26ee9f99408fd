import { setImmediate as turn } from 'node:timers/promises';
import type { Entropy } from '../../shared/ids.ts';
import { SeededRandom } from './seeded-random.ts';

/** A clock that jumps to whatever happens next, with randomness from a seed: a run is the same each time, and takes no time. */
export class VirtualTime implements Entropy {
  readonly random: SeededRandom;
  #now = 1_700_000_000_000;
  #waiting: { readonly at: number; readonly order: number; readonly go: () => void }[] = [];
  #order = 0;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
  }

  now(): number {
    return Math.floor(this.#now);
  }

  bytes(count: number): Uint8Array {
    return this.random.bytes(count);
  }

  readonly sleep = (ms: number): Promise<void> =>
    new Promise((go) => {
      this.#waiting.push({ at: this.#now + ms, order: this.#order++, go });
    });

  /** A while between two bounds, ms. */
  between(low: number, high: number): Promise<void> {
    return this.sleep(low + this.random.next() * (high - low));
  }

  /** Lets things happen, in the order of their times, until a promise is settled. */
  async until<T>(done: Promise<T>): Promise<T> {
    let settled = false;
    const end = () => {
      settled = true;
    };
    done.then(end, end);
    for (;;) {
      await turn();
      if (settled) return done;
      this.#waiting.sort((a, b) => a.at - b.at || a.order - b.order);
      const next = this.#waiting.shift();
      if (next === undefined) throw new Error('nothing is left that could happen');
      this.#now = Math.max(this.#now, next.at);
      next.go();
    }
  }
}
