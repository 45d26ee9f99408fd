import type { Entropy } from '../ids.ts';

/** Slots of the first pause; every further loss has four times as many. */
const firstWindow = 10;
const maxWindow = 1024;
/** A slot is the time of an append and the read before it, ms. */
const minSlot = 1;
const maxSlot = 40;
/** Whatever it sees, a writer tries again after this many pauses. */
const maxDeferrals = 3;

export interface Watched {
  /** Reads the tail. */
  look(): Promise<void>;
  /** The last position known. */
  position(): number;
}

/**
 * When the loser of a race tries again. Each put that loses is paid for, so writers do not march in step: they wait a random
 * while, look at the log, and append right after that look. Where others wrote in most of the time passed, the log is busy and they
 * wait again without trying. So k writers at once need at most about 3k puts.
 */
export class Contention {
  readonly #entropy: Entropy;
  readonly #sleep: (ms: number) => Promise<void>;
  #slot = minSlot;

  constructor(parts: { readonly entropy: Entropy; readonly sleep: (ms: number) => Promise<void> }) {
    this.#entropy = parts.entropy;
    this.#sleep = parts.sleep;
  }

  /** Notes how long an append took, ms. */
  took(ms: number): void {
    this.#slot = Math.min(maxSlot, Math.max(minSlot, (this.#slot * 3 + ms * 2) / 4));
  }

  /** Returns when the writer should try again, right after a look at the log. `losses`: in a row, from 1. */
  async pause(losses: number, log: Watched): Promise<void> {
    const begin = this.#entropy.now();
    const first = log.position();
    let window = Math.min(maxWindow, firstWindow * 4 ** (losses - 1));
    for (let deferrals = 0; ; deferrals++) {
      await this.#sleep(Math.ceil(this.#random() * window * this.#slot));
      await log.look();
      const slots = (this.#entropy.now() - begin) / this.#slot;
      const busy = (log.position() - first) * 2 > Math.max(2, slots);
      if (!busy || deferrals === maxDeferrals) return;
      window = Math.min(maxWindow, window * 2);
    }
  }

  /** In (0, 1]. */
  #random(): number {
    const [high, low] = this.#entropy.bytes(2);
    return (high! * 256 + low! + 1) / 65536;
  }
}
