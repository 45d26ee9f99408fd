import { type AccountId, systemEntropy } from '../../shared/ids.ts';
import { RecentMap } from '../../shared/net/limits.ts';

/** Senders give up after four or five days (RFC 5321 §4.5.4.1): the same octets later are another message. */
const patience = 5 * 24 * 3600_000;

/**
 * Makes a sender's second attempt harmless. SMTP has no id of its own for a message, and one that is sent twice on purpose must arrive twice; so
 * every append carries a fresh delivery id, and only where an attempt was answered with a temporary failure are its ids remembered, by
 * sender, account and content. The next attempt uses them again: an account that has the message already takes no second one. Held
 * in memory, bounded: after a restart, or from another task, a second copy may come, never a loss. A Message-ID is no such id: programs send the same file twice on purpose, and what was acknowledged must arrive.
 */
export class RetryMemory {
  readonly #ids = new RecentMap<string, { readonly id: string; readonly until: number }>(20_000);
  readonly #now: () => number;

  /** `now`: milliseconds since 1970. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  idFor(key: string): string {
    return this.#idOf(key) ?? Buffer.from(systemEntropy.bytes(12)).toString('base64url');
  }

  /** Whether an attempt failed that was not repeated yet. */
  has(key: string): boolean {
    return this.#idOf(key) !== undefined;
  }

  /** The attempt will be repeated. */
  failed(key: string, id: string): void {
    this.#ids.set(key, { id, until: this.#now() + patience });
  }

  /** The sender knows that it is done. */
  settled(key: string): void {
    this.#ids.delete(key);
  }

  /** The sender was asked to come again with a message of this size, which the account had no room for and others had. */
  hadNoRoom(sender: string, account: AccountId, size: number): void {
    this.failed(roomKey(sender, account), String(size));
  }

  /** What was noted so, once. The account's next message from the sender is most likely that one. */
  takeSize(sender: string, account: AccountId): number | undefined {
    const key = roomKey(sender, account);
    const size = this.#idOf(key);
    this.settled(key);
    return size === undefined ? undefined : Number(size);
  }

  #idOf(key: string): string | undefined {
    const known = this.#ids.get(key);
    if (known === undefined || this.#now() < known.until) return known?.id;
    this.#ids.delete(key);
    return undefined;
  }
}

const roomKey = (sender: string, account: AccountId): string => `${account}\0${sender}\0room`;

export const retryKey = (sender: string, account: AccountId, fingerprint: string): string =>
  `${account}\0${sender}\0${fingerprint}`;
