export interface Item {
  readonly [attribute: string]: unknown;
}

interface Change {
  readonly time: number;
  readonly sort: string;
  readonly before: Item | undefined;
}

export type Rows = readonly (readonly [sort: string, item: Item])[];

interface Partition {
  readonly items: Map<string, Item>;
  sorted: Rows | undefined;
  /** What was before each change, oldest first: for reads that answer what was. */
  readonly changes: Change[];
}

/** A table of items by partition and sort key, as DynamoDB keeps it: every change is of one item, on a condition on that item. */
export class ItemTable {
  readonly #partitions = new Map<string, Partition>();
  readonly #now: () => number;
  readonly #changed: (partition: string, sort: string) => void;

  /** `changed` is told of every change. */
  constructor(now: () => number, changed: (partition: string, sort: string) => void) {
    this.#now = now;
    this.#changed = changed;
  }

  get(partition: string, sort: string): Item | undefined {
    return this.#partitions.get(partition)?.items.get(sort);
  }

  put(partition: string, sort: string, item: Item | undefined): void {
    let found = this.#partitions.get(partition);
    if (found === undefined) {
      found = { items: new Map(), sorted: undefined, changes: [] };
      this.#partitions.set(partition, found);
    }
    const before = found.items.get(sort);
    found.changes.push({ time: this.#now(), sort, before });
    if (item === undefined) found.items.delete(sort);
    else found.items.set(sort, item);
    found.sorted = undefined;
    this.#changed(partition, sort);
  }

  /** Sort keys in order, as they are or as they were at a time. */
  rows(partition: string, asOf?: number): Rows {
    const found = this.#partitions.get(partition);
    if (found === undefined) return [];
    if (asOf !== undefined) return this.#past(found, asOf);
    return (found.sorted ??= [...found.items].sort(bySort));
  }

  #past(found: Partition, asOf: number): Rows {
    const items = new Map(found.items);
    for (let i = found.changes.length - 1; i >= 0 && found.changes[i]!.time > asOf; i--) {
      const { sort, before } = found.changes[i]!;
      if (before === undefined) items.delete(sort);
      else items.set(sort, before);
    }
    return [...items].sort(bySort);
  }

  /** The table as it was at a time, as point-in-time recovery brings it back. */
  restore(partition: string, asOf: number): void {
    const found = this.#partitions.get(partition);
    if (found === undefined) return;
    const past = new Map(this.#past(found, asOf));
    for (const sort of new Set([...found.items.keys(), ...past.keys()])) {
      if (found.items.get(sort) !== past.get(sort)) this.put(partition, sort, past.get(sort));
    }
  }
}

const bySort = ([a]: readonly [string, Item], [b]: readonly [string, Item]): number =>
  a < b ? -1 : a > b ? 1 : 0;
