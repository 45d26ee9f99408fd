import { Random } from './random.ts';

/** How far each machine's clock is from the world's, for the whole of a run: in most runs not at all, in some by minutes. */
export class Clocks {
  readonly #seed: number;
  readonly #apart: boolean;
  #right = false;

  /** On one machine (`together`) all have one clock. */
  constructor(seed: number, together: boolean, onApart: () => void) {
    this.#seed = seed;
    this.#apart = !together && new Random(seed, 'clocks').chance(0.15);
    if (this.#apart) onApart();
  }

  /** ms. */
  offsetOf(node: string): number {
    if (this.#right || !this.#apart) return 0;
    const random = new Random(this.#seed, `clock of ${node}`);
    // Within what services take, at its edge, or beyond.
    const far = random.pick([0, random.spread(1_000, 240_000), random.spread(240_000, 360_000), 40 * 60_000]);
    return far * random.pick([-1, 1]);
  }

  /** From now on all are right. */
  setRight(): void {
    this.#right = true;
  }
}
