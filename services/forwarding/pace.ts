import { ownerOf } from './envelope.ts';
import type { Waiting } from './outbox.ts';

const minute = 60_000;
const hour = 60 * minute;

/** From the first attempt on; after that the last one again and again. */
const pauses = [1, 5, 15, 30, 60, 120, 240].map((minutes) => minutes * minute);
/** RFC 5321 §4.5.4.1 asks for four or five days. */
const patience = 5 * 24 * hour;
/** Messages of one account that go out within an hour: more than people get, and few enough that no victim of a mail bomb gets it all from here. */
export const hourlyLimit = 500;
/** Reports that go to one address within an hour: whoever has seen a rewritten sender may send some to it. */
export const hourlyReports = 50;

/** When messages are tried, in the memory of the process that sends: another one begins with an attempt at each. */
export class Pace {
  readonly #attempts = new Map<number, { readonly made: number; readonly next: number }>();
  #sent = new Map<string, number>();
  #hour = 0;

  /** The earliest moment for the next attempt, ms since 1970; 0 for the first. */
  dueAt({ number, envelope }: Pick<Waiting, 'number' | 'envelope'>, now: number): number {
    const due = this.#attempts.get(number)?.next ?? 0;
    const limit = envelope.account === undefined ? hourlyReports : hourlyLimit;
    if (this.#countOf(ownerOf(envelope), now) < limit) return due;
    return Math.max(due, (this.#hour + 1) * hour);
  }

  /** An attempt begins. */
  started(envelope: Waiting['envelope'], now: number): void {
    const owner = ownerOf(envelope);
    // Counted first: in a new hour the counts are new.
    const count = this.#countOf(owner, now) + 1;
    this.#sent.set(owner, count);
  }

  /** An attempt failed that time may mend: the next one comes after a pause. False where there was time enough. `chance` from 0 to 1. */
  deferred({ number, since }: Pick<Waiting, 'number' | 'since'>, now: number, chance: number): boolean {
    const made = (this.#attempts.get(number)?.made ?? 0) + 1;
    const pause = pauses[Math.min(made, pauses.length) - 1]!;
    this.#attempts.set(number, { made, next: now + pause * (1 + chance / 4) });
    return now - since < patience;
  }

  /** Forgets all but these. */
  keep(numbers: ReadonlySet<number>): void {
    for (const number of this.#attempts.keys()) if (!numbers.has(number)) this.#attempts.delete(number);
  }

  #countOf(owner: string, now: number): number {
    const current = Math.floor(now / hour);
    if (current !== this.#hour) {
      this.#hour = current;
      this.#sent = new Map();
    }
    return this.#sent.get(owner) ?? 0;
  }
}
