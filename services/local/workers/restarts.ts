/** A worker that ran for so long had a good start, ms. */
const goodRunMs = 60_000;
const firstDelayMs = 200;
const maxDelayMs = 30_000;
const maxInARow = 10;

/**
 * When a worker that ended is replaced: at once after a good run, and later and later where one after the other ends soon. What ends ten of them
 * would end the next one too.
 */
export class Restarts {
  #inARow = 0;

  /** After how many milliseconds, or that there have been too many. */
  ended(ranMs: number): number | 'tooMany' {
    if (ranMs >= goodRunMs) this.#inARow = 0;
    this.#inARow++;
    if (this.#inARow > maxInARow) return 'tooMany';
    return this.#inARow === 1 ? 0 : Math.min(maxDelayMs, firstDelayMs * 2 ** (this.#inARow - 2));
  }
}
