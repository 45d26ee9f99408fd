/** Requests a second that a key may make in the long run, and at once. */
const perSecond = 20;
const burst = 100;
/** Keys that are remembered; the one that was quiet longest is forgotten first. */
const remembered = 10_000;

interface Bucket {
  readonly tokens: number;
  readonly at: number;
}

/** A bucket of tokens for each key, in this process. */
export class RateLimit {
  readonly #buckets = new Map<string, Bucket>();

  /** Undefined where the request may be made; else the seconds to wait. `now` in milliseconds. */
  take(key: string, now: number): number | undefined {
    const before = this.#buckets.get(key) ?? { tokens: burst, at: now };
    const tokens = Math.min(burst, before.tokens + (Math.max(0, now - before.at) / 1000) * perSecond);
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: now });
    if (this.#buckets.size > remembered) this.#buckets.delete(this.#buckets.keys().next().value!);
    return tokens >= 1 ? undefined : Math.ceil((1 - tokens) / perSecond);
  }
}
