/** Limits counted per key in tables of bounded size. Times are milliseconds of whatever clock the caller uses. */

/** A map of at most `capacity` entries that forgets the one touched longest ago. */
export class RecentMap<K, V> {
  readonly #capacity: number;
  readonly #entries = new Map<K, V>();

  constructor(capacity: number) {
    if (!(capacity >= 1)) throw new RangeError(`a table needs room for one entry, not ${capacity}`);
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The value, which counts as touching it. */
  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, value);
    }
    return value;
  }

  set(key: K, value: V): void {
    this.#entries.delete(key);
    if (this.#entries.size >= this.#capacity)
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest);
        break;
      }
    this.#entries.set(key, value);
  }

  delete(key: K): void {
    this.#entries.delete(key);
  }
}

export interface TokenBucketOptions {
  /** Tokens a full bucket holds: the burst that is allowed. */
  readonly burst: number;
  /** Tokens that flow in per second. */
  readonly perSecond: number;
  /** Keys remembered at once; a forgotten key starts with a full bucket. */
  readonly capacity: number;
}

/** A rate with a burst, per key. */
export class TokenBuckets {
  readonly #options: TokenBucketOptions;
  readonly #buckets: RecentMap<string, { tokens: number; at: number }>;

  constructor(options: TokenBucketOptions) {
    this.#options = options;
    this.#buckets = new RecentMap(options.capacity);
  }

  /** Takes one token and answers 0, or takes none and answers after how many milliseconds there will be one. */
  take(key: string, now: number): number {
    const { burst, perSecond } = this.#options;
    const bucket = this.#buckets.get(key) ?? { tokens: burst, at: now };
    const elapsed = Math.max(0, now - bucket.at);
    const tokens = Math.min(burst, bucket.tokens + (elapsed * perSecond) / 1000);
    this.#buckets.set(key, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: now });
    return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) * 1000) / perSecond);
  }
}

export interface FailureTableOptions {
  /** Failures in a row that cost nothing. */
  readonly free: number;
  /** The wait after the first failure that is not free; it doubles with each further one. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** A key without failures for so long starts anew. */
  readonly forgetAfterMs: number;
  readonly capacity: number;
}

/** Failures per key, and the exponentially growing wait that they cost. */
export class FailureTable {
  readonly #options: FailureTableOptions;
  readonly #failures: RecentMap<string, { count: number; at: number }>;

  constructor(options: FailureTableOptions) {
    this.#options = options;
    this.#failures = new RecentMap(options.capacity);
  }

  /** How long this key has still to wait, 0 where it may try. */
  waitMs(key: string, now: number): number {
    const known = this.#known(key, now);
    if (known === undefined) return 0;
    const { free, firstDelayMs, maxDelayMs } = this.#options;
    const paid = known.count - free;
    if (paid <= 0) return 0;
    return Math.max(0, known.at + Math.min(maxDelayMs, firstDelayMs * 2 ** (paid - 1)) - now);
  }

  failed(key: string, now: number): void {
    this.#failures.set(key, { count: (this.#known(key, now)?.count ?? 0) + 1, at: now });
  }

  succeeded(key: string): void {
    this.#failures.delete(key);
  }

  #known(key: string, now: number): { count: number; at: number } | undefined {
    const known = this.#failures.get(key);
    if (known === undefined || now - known.at < this.#options.forgetAfterMs) return known;
    this.#failures.delete(key);
    return undefined;
  }
}

/**
 * How many of something are open at once, in all and per key. Holds one number for each key that has any. Several processes may keep one
 * limit together: `changed` is told of each change here, and `elsewhere` takes those of the others.
 */
export class OpenCounts {
  readonly #max: number;
  readonly #maxPerKey: number;
  readonly #changed: (key: string, change: 1 | -1) => void;
  readonly #perKey = new Map<string, number>();
  readonly #elsewhere = new Map<string, number>();
  #total = 0;

  constructor(max: number, maxPerKey: number, changed: (key: string, change: 1 | -1) => void = () => {}) {
    this.#max = max;
    this.#maxPerKey = maxPerKey;
    this.#changed = changed;
  }

  /** Here and elsewhere. */
  get total(): number {
    return this.#total;
  }

  /** Counts one more, or says which limit it would break. An exempt one counts, but is held to the total only. */
  open(key: string, exempt: boolean): 'ok' | 'tooMany' | 'tooManyFromAddress' {
    const held = this.#perKey.get(key) ?? 0;
    if (this.#total >= this.#max) return 'tooMany';
    if (!exempt && held + (this.#elsewhere.get(key) ?? 0) >= this.#maxPerKey) return 'tooManyFromAddress';
    this.#total += 1;
    this.#perKey.set(key, held + 1);
    this.#changed(key, 1);
    return 'ok';
  }

  close(key: string): void {
    const held = this.#perKey.get(key);
    if (held === undefined) throw new Error(`nothing is open for ${key}`);
    this.#total -= 1;
    if (held > 1) this.#perKey.set(key, held - 1);
    else this.#perKey.delete(key);
    this.#changed(key, -1);
  }

  /** Others have opened or closed so many. */
  elsewhere(key: string, change: number): void {
    const held = (this.#elsewhere.get(key) ?? 0) + change;
    this.#total += change;
    if (held === 0) this.#elsewhere.delete(key);
    else this.#elsewhere.set(key, held);
  }
}
