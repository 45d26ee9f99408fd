import type { BlobKey } from '../../shared/ids.ts';

/** Told of what happens to objects, at the moment it happens. */
export interface ObjectWatch {
  deleted(key: BlobKey): void;
  overwritten(key: BlobKey): void;
}

/** A bucket: every object as a whole, at once. */
export class ObjectStore {
  readonly #objects = new Map<string, Uint8Array>();
  readonly #ever = new Map<string, Uint8Array>();
  /** When each was last deleted. */
  readonly #deletedAt = new Map<BlobKey, number>();
  readonly #now: () => number;
  #sorted: string[] | undefined;
  watch: ObjectWatch | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  put(key: BlobKey, bytes: Uint8Array): void {
    const before = this.#objects.get(key);
    if (before !== undefined && Buffer.compare(before, bytes) !== 0) this.watch?.overwritten(key);
    if (before === undefined) this.#sorted = undefined;
    this.#objects.set(key, bytes);
    this.#ever.set(key, bytes);
  }

  /** What was put, even where it was deleted since. */
  ever(key: string): Uint8Array | undefined {
    return this.#ever.get(key);
  }

  get(key: BlobKey): Uint8Array | undefined {
    return this.#objects.get(key);
  }

  delete(key: BlobKey): void {
    if (!this.#objects.delete(key)) return;
    this.#sorted = undefined;
    this.#deletedAt.set(key, this.#now());
    this.watch?.deleted(key);
  }

  /** What was deleted after a moment is there again, as in a versioned bucket whose delete markers are taken away. */
  undelete(since: number): void {
    for (const [key, time] of this.#deletedAt)
      if (time > since && !this.#objects.has(key)) this.put(key, this.#ever.get(key)!);
  }

  list(prefix: string, after: string | undefined, limit: number): { key: BlobKey; size: number }[] {
    this.#sorted ??= [...this.#objects.keys()].sort();
    const keys = this.#sorted.filter((key) => key.startsWith(prefix) && (after === undefined || key > after));
    return keys.slice(0, limit).map((key) => ({ key: key as BlobKey, size: this.#objects.get(key)!.length }));
  }
}
