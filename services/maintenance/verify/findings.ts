/** What was looked at when a difference was found. */
export type Checked = 'log' | 'snapshot' | 'replay' | 'counters' | 'record' | 'blob';

export interface Finding {
  readonly checked: Checked;
  /** One line for a person: what is wrong, and of what. */
  readonly what: string;
}

/** Differences told one by one for each account; more are only counted. */
const mostTold = 1_000;

/** Collects what is wrong with one account. */
export class Findings {
  readonly #told: Finding[] = [];
  #count = 0;

  add(checked: Checked, what: string): void {
    this.#count++;
    if (this.#told.length < mostTold)
      this.#told.push({ checked, what: what.replace(/\s+/g, ' ').slice(0, 500) });
  }

  get told(): readonly Finding[] {
    return this.#told;
  }

  get count(): number {
    return this.#count;
  }
}

export const because = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
