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
  #spilled: readonly BlobKey[] = [];

  add({ bytes, spill }: EntrySize): void {
    this.#entries.push({ bytes, spill });
    this.#bytes += bytes;
    if (spill !== undefined) this.#spilled = [...this.#spilled, spill];
  }

  /** All but the last `entries` are folded. */
  keepLast(entries: number): void {
    const folded = this.#entries.length - entries;
    if (folded <= 0) return;
    for (let i = 0; i < folded; i++) this.#bytes -= this.#entries[i]!.bytes;
    this.#entries = this.#entries.slice(folded);
    this.#spilled = this.#entries.flatMap(({ spill }) => spill ?? []);
  }

  get tail(): Tail {
    return { entries: this.#entries.length, bytes: this.#bytes, spilled: this.#spilled };
  }
}
