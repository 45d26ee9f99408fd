import type { AccountId, LogPosition } from '../../ids.ts';

/** Accounts remembered; the longest unused is forgotten first. */
const accounts = 20_000;

/**
 * The highest position of each account that this process knows to be used. It never shrinks, so it is safe to refuse by
 * it; and it is what tells a used position that was trimmed from a free one.
 */
export class UsedPositions {
  readonly #known = new Map<AccountId, LogPosition>();

  /** Undefined where nothing is known. */
  get(account: AccountId): LogPosition | undefined {
    return this.#known.get(account);
  }

  note(account: AccountId, position: number): LogPosition {
    const last = Math.max(position, this.#known.get(account) ?? 0) as LogPosition;
    this.#known.delete(account);
    this.#known.set(account, last);
    if (this.#known.size > accounts) this.#known.delete(this.#known.keys().next().value!);
    return last;
  }

  forget(account: AccountId): void {
    this.#known.delete(account);
  }
}
