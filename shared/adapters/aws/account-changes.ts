import { randomUUID } from 'node:crypto';
import type { AccountId } from '../../ids.ts';
import { type AccountListener, watchDelayMs } from '../../ports/directory.ts';
import { AccountListeners } from '../account-listeners.ts';
import { type Item, listKey, sortOf } from './directory-items.ts';
import type { DirectoryTable, TransactionPart } from './directory-table.ts';

/** Half of what is promised: a read may take a while, and be of a moment ago. */
export const changesPollMs = watchDelayMs / 2;
/** Items are named by their writers' clocks, and may become visible late: so much of the past is read again each time. */
const overlapMs = 10 * 60_000;
/** The service deletes them after that; whoever could not read for so long has missed some. */
const keptMs = 24 * 3600_000;

const nameOf = (at: number): string => String(at).padStart(15, '0');

/** Written with a change of an account that its sessions are to know of. */
export const noted = (account: AccountId, now: number): TransactionPart => ({
  put: {
    item: {
      ...listKey('changes', `${nameOf(now)}#${randomUUID()}`),
      account: { S: account },
      ttl: { N: String(Math.ceil((now + keptMs) / 1000)) },
    },
    fresh: false,
  },
});

/**
 * Tells of the accounts that were changed: by this process at once, by others, functions among them, when the list of changes is
 * looked at next. That is one eventually consistent Query each five seconds and process, whatever the number of accounts.
 */
export class AccountChanges {
  readonly #table: DirectoryTable;
  readonly #now: () => number;
  readonly #pollMs: number;
  readonly #listeners: AccountListeners;
  #timer: NodeJS.Timeout | undefined;
  /** When the list was last read. */
  #readAt = 0;
  /** Names of what was in the part of the list that is read again. */
  #seen: ReadonlySet<string> = new Set();
  #reading = false;

  constructor(table: DirectoryTable, now: () => number, pollMs: number) {
    this.#table = table;
    this.#now = now;
    this.#pollMs = pollMs;
    this.#listeners = new AccountListeners({ first: () => this.#start(), none: () => this.close() });
  }

  watch(listener: AccountListener): () => void {
    return this.#listeners.add(listener);
  }

  /** This process has changed it. */
  tell(account: AccountId): void {
    this.#listeners.tell(account);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #start(): void {
    this.#readAt = this.#now();
    this.#timer = setInterval(() => void this.#poll(), this.#pollMs).unref();
  }

  async #poll(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    try {
      const now = this.#now();
      const missed = now - this.#readAt > keptMs;
      const { items, more } = await this.#table.since('changes', nameOf(this.#readAt - overlapMs));
      this.#readAt = now;
      const before = this.#seen;
      this.#seen = new Set(items.map(sortOf));
      if (missed || more) this.#listeners.tell('all');
      else for (const account of newIn(items, before)) this.#listeners.tell(account);
    } catch {
      // The table cannot be read just now: the next look begins where the last one that succeeded was.
    } finally {
      this.#reading = false;
    }
  }
}

const newIn = (items: readonly Item[], before: ReadonlySet<string>): Set<AccountId> =>
  new Set(
    items.flatMap((item) =>
      item.account?.S === undefined || before.has(sortOf(item)) ? [] : [item.account.S as AccountId],
    ),
  );
