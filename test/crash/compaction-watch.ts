import type { Folding } from '../support/server-store.ts';

/** How a kill met a compaction: while it ran, right after it had moved a head, or neither. */
export type Meeting = 'within' | 'right after' | 'apart';

/** What a look found: whether one is under way, and whether one has moved a head since the look before. */
interface Sight {
  readonly heads: number;
  readonly running: boolean;
  readonly ended: boolean;
}

const unseen: Sight = { heads: 0, running: false, ended: false };

/** One must end within so many changes: of two accounts, a tail of 1,024 entries (192 on AWS) is folded while it grows, and an entry has a few changes at most. */
const enoughChanges = 20_000;

/** Sees compactions begin and end by the leases that they hold, in the store itself. */
export class CompactionWatch {
  readonly #look: () => Promise<Folding>;
  /** At the start: leases of processes that were killed stay there. */
  readonly #before: Folding;
  /** Undefined before the first look after the start. */
  #last: Sight | undefined;
  #looking = false;
  #changes = 0;

  private constructor(look: () => Promise<Folding>, before: Folding) {
    this.#look = look;
    this.#before = before;
  }

  static async start(look: () => Promise<Folding>): Promise<CompactionWatch> {
    return new CompactionWatch(look, await look());
  }

  /**
   * Called after each change, looks once at a time. Of several accounts one may be folded while another's folding ends, so both may be.
   * Rejects where the changes are so many that one was due long ago.
   */
  async sees(): Promise<Sight> {
    if (++this.#changes > enoughChanges) throw new Error(`no compaction within ${enoughChanges} changes`);
    if (this.#looking) return unseen;
    this.#looking = true;
    this.#last = this.#judge(await this.#look());
    this.#looking = false;
    return this.#last;
  }

  /** To be asked when the server is dead, and no other has been started. */
  async meeting(): Promise<Meeting> {
    const last = this.#last;
    const left = this.#judge(await this.#look());
    if (left.running) return 'within';
    // Who never looked cannot say when a head moved.
    return last && (last.ended || left.ended) ? 'right after' : 'apart';
  }

  #judge(found: Folding): Sight {
    return {
      heads: found.heads,
      running: found.leases.some((lease) => !this.#before.leases.includes(lease)),
      ended: found.heads > (this.#last ?? this.#before).heads,
    };
  }
}
