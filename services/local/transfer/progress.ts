import type { Output } from '../context.ts';

const barWidth = 28;
/** Milliseconds between two drawings. */
const redrawEvery = 100;

/** A bar on a terminal; nothing where the output is read by a program. */
export class Progress {
  readonly #output: Output;
  readonly #verb: string;
  readonly #now: () => number;
  #drawnAt = Number.NEGATIVE_INFINITY;

  constructor(output: Output, verb: string, now: () => number = () => performance.now()) {
    this.#output = output;
    this.#verb = verb;
    this.#now = now;
  }

  /** `share` from 0 to 1; `note` says it in numbers. */
  show(share: number, note: string): void {
    if (!this.#output.isTTY || this.#now() - this.#drawnAt < redrawEvery) return;
    this.#drawnAt = this.#now();
    const whole = Math.min(1, Math.max(0, share));
    const filled = Math.round(whole * barWidth);
    const bar = '#'.repeat(filled).padEnd(barWidth, '.');
    const line = `${this.#verb} [${bar}] ${String(Math.floor(whole * 100)).padStart(3)} %  ${note}`;
    // Cut to the width: a line that wraps could not be drawn over.
    this.#output.write(`\r\x1b[2K${line.slice(0, Math.max(20, (this.#output.columns ?? 80) - 1))}`);
  }

  /** Takes the bar away. */
  end(): void {
    if (this.#output.isTTY) this.#output.write('\r\x1b[2K');
  }
}
