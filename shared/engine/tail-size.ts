import type { CompactionNeed } from './compactor.ts';

/** How much the log holds beyond the newest snapshot: entry by entry, since a snapshot that arrives late covers only the first of them. */
export class TailSize {
  /** Of each entry with its spill object, bytes. */
  #sizes: number[] = [];
  #bytes = 0;

  /** `bytes` counts what the entry spilled: it has to be read as well when the account is opened. */
  add(bytes: number): void {
    this.#sizes.push(bytes);
    this.#bytes += bytes;
  }

  /** All but the last `entries` are folded. */
  keepLast(entries: number): void {
    const folded = this.#sizes.length - entries;
    if (folded <= 0) return;
    for (let i = 0; i < folded; i++) this.#bytes -= this.#sizes[i]!;
    this.#sizes = this.#sizes.slice(folded);
  }

  get need(): CompactionNeed {
    return { entries: this.#sizes.length, bytes: this.#bytes };
  }
}
