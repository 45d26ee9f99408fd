/** Requests a second that a key may make in the long run, and at once. */
const perSecond = 20;
const burst = 100;
/** Keys that are remembered; the one that was quiet longest is forgotten first. */
const remembered = 10_000;

interface Bucket {
  readonly tokens: number;
  readonly at: number;
}

/** For `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers): so many at once, and all of them again after so many seconds. */
export const rateLimitPolicy = `"key";q=${burst};w=${burst / perSecond}`;

export interface Taken {
  /** Undefined where the request may be made; else the seconds to wait. */
  readonly retryAfter: number | undefined;
  /** For `RateLimit`: the requests that are left, and the seconds until all are there again. */
  readonly field: string;
}

/** A bucket of tokens for each key, in this process. */
export class RateLimit {
  readonly #buckets = new Map<string, Bucket>();

  /** `now` in milliseconds. */
  take(key: string, now: number): Taken {
    const before = this.#buckets.get(key) ?? { tokens: burst, at: now };
    const tokens = Math.min(burst, before.tokens + (Math.max(0, now - before.at) / 1000) * perSecond);
    const left = tokens >= 1 ? tokens - 1 : tokens;
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: left, at: now });
    if (this.#buckets.size > remembered) this.#buckets.delete(this.#buckets.keys().next().value!);
    return {
      retryAfter: tokens >= 1 ? undefined : Math.ceil((1 - tokens) / perSecond),
      field: `"key";r=${Math.floor(left)};t=${Math.ceil((burst - left) / perSecond)}`,
    };
  }
}
