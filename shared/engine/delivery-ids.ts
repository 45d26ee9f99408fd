import { createHash } from 'node:crypto';

/** How long a delivery's id is remembered, seconds: a duplicate that comes later is a new message. */
export const deliveryIdLifetime = 30 * 24 * 3600;

/** Bytes of a delivery id's hash: enough that two of an account never meet, and a manifest with thousands stays small. */
export const deliveryHashBytes = 12;

const hashOf = (id: string): string =>
  createHash('sha256').update(id).digest().subarray(0, deliveryHashBytes).toString('base64url');

/**
 * Delivery ids, by their hashes, and when they came (seconds). Immutable: sets of doubling size, so that adding costs O(log n) on average and
 * versions share all but the youngest.
 */
export class DeliveryIds {
  static readonly empty = new DeliveryIds([]);
  /** Oldest and largest first. */
  readonly #generations: readonly ReadonlyMap<string, number>[];

  private constructor(generations: readonly ReadonlyMap<string, number>[]) {
    this.#generations = generations;
  }

  /** Hashes and times, as `live` gives them. */
  static of(hashes: Iterable<readonly [string, number]>): DeliveryIds {
    const all = new Map(hashes);
    return all.size === 0 ? DeliveryIds.empty : new DeliveryIds([all]);
  }

  /** `now`: the time of the entry that asks, so that every replay answers alike. */
  has(id: string, now: number): boolean {
    const hash = hashOf(id);
    for (const generation of this.#generations) {
      const time = generation.get(hash);
      if (time !== undefined && time > now - deliveryIdLifetime) return true;
    }
    return false;
  }

  add(id: string, now: number): DeliveryIds {
    const generations = this.#generations.slice();
    let young = new Map([[hashOf(id), now]]);
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

  /** Hashes of those that still count at `now`, in the order of their coming. */
  *live(now: number): Generator<readonly [string, number]> {
    for (const generation of this.#generations)
      for (const [id, time] of generation) if (time > now - deliveryIdLifetime) yield [id, time];
  }
}
