import type { AccountId } from '../ids.ts';

/** What is needed of an account that nobody holds. */
interface Idle {
  readonly id: AccountId;
  /** About how many bytes of memory it takes. */
  readonly bytes: number;
  /** Makes it smaller where it can be. */
  rest(): void;
}

/**
 * Accounts that nobody holds, within a bound of bytes: as they were while there is room, then packed, those first that were let go
 * first, and only when all are packed let go for good.
 */
export class IdleAccounts {
  readonly #limit: number;
  readonly #drop: (account: Idle) => void;
  /** With their bytes, in the order of their coming. */
  readonly #awake = new Map<Idle, number>();
  readonly #resting = new Map<Idle, number>();
  #bytes = 0;

  constructor(limit: number, drop: (account: Idle) => void) {
    this.#limit = limit;
    this.#drop = drop;
  }

  /** Bytes of all. */
  get bytes(): number {
    return this.#bytes;
  }

  add(account: Idle): void {
    this.take(account);
    this.#put(this.#awake, account);
    for (const [oldest] of this.#awake) {
      if (this.#bytes <= this.#limit) return;
      this.take(oldest);
      oldest.rest();
      this.#put(this.#resting, oldest);
    }
    for (const [oldest] of this.#resting) {
      if (this.#bytes <= this.#limit) return;
      this.take(oldest);
      this.#drop(oldest);
    }
  }

  /** Somebody holds it again, or it is gone. */
  take(account: Idle): void {
    this.#bytes -= this.#awake.get(account) ?? this.#resting.get(account) ?? 0;
    this.#awake.delete(account);
    this.#resting.delete(account);
  }

  #put(among: Map<Idle, number>, account: Idle): void {
    const { bytes } = account;
    among.set(account, bytes);
    this.#bytes += bytes;
  }
}
