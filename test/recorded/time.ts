import type { Entropy } from '../../shared/ids.ts';
import { SeededRandom } from '../support/seeded-random.ts';

export const day = 24 * 3600_000;

/** Time and chance of a recording: the same each time. */
export class RecordedTime implements Entropy {
  readonly random: SeededRandom;
  #now = Date.UTC(2026, 10, 24, 8);

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
  }

  now(): number {
    this.#now += 17;
    return this.#now;
  }

  bytes(count: number): Uint8Array {
    return this.random.bytes(count);
  }

  pass(ms: number): void {
    this.#now += ms;
  }
}
