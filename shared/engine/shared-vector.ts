/**
 * An append-only list whose versions share one array: pushing to the newest version costs O(1), pushing to an older one
 * (the loser of a race decides again) copies. Every version sees only its own length, so it is immutable to its readers.
 */
export class SharedVector<T> {
  readonly #items: T[];
  readonly length: number;

  private constructor(items: T[], length: number) {
    this.#items = items;
    this.length = length;
  }

  static of<T>(items: Iterable<T> = []): SharedVector<T> {
    const own = [...items];
    return new SharedVector(own, own.length);
  }

  push(item: T): SharedVector<T> {
    const items = this.#items.length === this.length ? this.#items : this.#items.slice(0, this.length);
    items.push(item);
    return new SharedVector(items, this.length + 1);
  }

  at(index: number): T | undefined {
    return index < this.length ? this.#items[index] : undefined;
  }

  *[Symbol.iterator](): Generator<T> {
    for (let i = 0; i < this.length; i++) yield this.#items[i] as T;
  }

  /** Newest first. */
  *reversed(): Generator<T> {
    for (let i = this.length - 1; i >= 0; i--) yield this.#items[i] as T;
  }
}
