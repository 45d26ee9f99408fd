/** How long a delivery's id is remembered, seconds: a duplicate that comes later is a new message. */
export const deliveryIdLifetime = 30 * 24 * 3600;

/**
 * Delivery ids and when they came (seconds). Immutable: sets of doubling size, so that adding costs O(log n) on average and
 * versions share all but the youngest.
 */
export class DeliveryIds {
  static readonly empty = new DeliveryIds([]);
  /** Oldest and largest first. */
  readonly #generations: readonly ReadonlyMap<string, number>[];

  private constructor(generations: readonly ReadonlyMap<string, number>[]) {
    this.#generations = generations;
  }

  static of(ids: Iterable<readonly [string, number]>): DeliveryIds {
    const all = new Map(ids);
    return all.size === 0 ? DeliveryIds.empty : new DeliveryIds([all]);
  }

  /** `now`: the time of the entry that asks, so that every replay answers alike. */
  has(id: string, now: number): boolean {
    for (const generation of this.#generations) {
      const time = generation.get(id);
      if (time !== undefined && time > now - deliveryIdLifetime) return true;
    }
    return false;
  }

  add(id: string, now: number): DeliveryIds {
    const generations = this.#generations.slice();
    let young = new Map([[id, now]]);
    for (
      let last = generations.at(-1);
      last !== undefined && last.size <= young.size;
      last = generations.at(-1)
    ) {
      generations.pop();
      const joined = new Map<string, number>();
      for (const [key, time] of last) if (time > now - deliveryIdLifetime) joined.set(key, time);
      for (const [key, time] of young) joined.set(key, time);
      young = joined;
    }
    return new DeliveryIds([...generations, young]);
  }

  /** Those that still count at `now`, in the order of their coming. */
  *live(now: number): Generator<readonly [string, number]> {
    for (const generation of this.#generations)
      for (const [id, time] of generation) if (time > now - deliveryIdLifetime) yield [id, time];
  }
}
