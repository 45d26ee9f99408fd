import type { BlobKey } from '../ids.ts';
import type { CompactionNeed } from './compactor.ts';

/** What it takes to read an entry. */
export interface EntrySize {
  /** What the entry spilled included: it has to be read as well when the account is opened. */
  readonly bytes: number;
  /** The object that it spilled. */
  readonly spill: BlobKey | undefined;
}

/** What the log holds beyond the newest snapshot, and which objects its entries spilled: a fold of them replaces these. */
export interface Tail extends CompactionNeed {
  readonly spilled: readonly BlobKey[];
}

/** How much the log holds beyond the newest snapshot: entry by entry, since a snapshot that arrives late covers only the first of them. */
export class TailSize {
  #entries: EntrySize[] = [];
  #bytes = 0;

  add({ bytes, spill }: EntrySize): void {
    this.#entries.push({ bytes, spill });
    this.#bytes += bytes;
  }

  /** All but the last `entries` are folded. */
  keepLast(entries: number): void {
    const folded = this.#entries.length - entries;
    if (folded <= 0) return;
    for (let i = 0; i < folded; i++) this.#bytes -= this.#entries[i]!.bytes;
    this.#entries = this.#entries.slice(folded);
  }

  get tail(): Tail {
    const entries = this.#entries;
    return {
      entries: entries.length,
      bytes: this.#bytes,
      // Asked for by a fold alone, while the rest is by every change.
      get spilled() {
        return entries.flatMap(({ spill }) => spill ?? []);
      },
    };
  }
}
