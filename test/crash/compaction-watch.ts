import type { Folding } from '../support/server-store.ts';

/** How a kill met a compaction: while it ran, right after it had moved a head, or neither. */
export type Meeting = 'within' | 'right after' | 'apart';

/** One must begin within so many changes: a tail of 192 entries is folded while it grows, and an entry has a few changes at most. */
const enoughChanges = 4_000;

/** Sees compactions begin and end by the leases that they hold, in the store itself. */
export class CompactionWatch {
  readonly #look: () => Promise<Folding>;
  /** Leases of processes that were killed stay there. */
  readonly #before: ReadonlySet<string>;
  /** What was seen when one had begun. */
  #begun: Folding | undefined;
  #looking = false;
  #changes = 0;

  private constructor(look: () => Promise<Folding>, before: Folding) {
    this.#look = look;
    this.#before = new Set(before.leases);
  }

  static async start(look: () => Promise<Folding>): Promise<CompactionWatch> {
    return new CompactionWatch(look, await look());
  }

  /**
   * Called after each change, looks once at a time: whether one is under way, or has ended that was. Rejects where the changes are so
   * many that one was due long ago.
   */
  async sees(): Promise<'running' | 'ended' | undefined> {
    if (++this.#changes > enoughChanges) throw new Error(`no compaction within ${enoughChanges} changes`);
    if (this.#looking) return undefined;
    this.#looking = true;
    const found = await this.#look();
    this.#looking = false;
    if (!this.#isRunning(found)) return this.#hasMoved(found) ? 'ended' : undefined;
    this.#begun ??= found;
    return 'running';
  }

  /** To be asked when the server is dead, and no other has been started. */
  async meeting(): Promise<Meeting> {
    const left = await this.#look();
    if (this.#isRunning(left)) return 'within';
    return this.#hasMoved(left) ? 'right after' : 'apart';
  }

  #isRunning({ leases }: Folding): boolean {
    return leases.some((lease) => !this.#before.has(lease));
  }

  #hasMoved({ heads }: Folding): boolean {
    return this.#begun !== undefined && heads > this.#begun.heads;
  }
}
