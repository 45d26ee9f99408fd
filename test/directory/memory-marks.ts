import type { PasswordMarks } from '../../shared/ports/password-marks.ts';

/** Marks that several machines of a test share, on a clock of the test's. */
export class MemoryMarks implements PasswordMarks {
  readonly kept = new Map<string, number>();
  readonly #now: () => number;
  /** Nothing is found and nothing kept. */
  lost = false;

  constructor(now: () => number) {
    this.#now = now;
  }

  async remainingMs(mark: string): Promise<number> {
    return this.lost ? 0 : Math.max(0, (this.kept.get(mark) ?? 0) - this.#now());
  }

  remember(mark: string, forMs: number): void {
    if (!this.lost) this.kept.set(mark, this.#now() + forMs);
  }
}
