import type { DatabaseSync } from 'node:sqlite';
import type { AccountId, LogPosition } from '../../ids.ts';
import type { Notifier } from '../../ports/notifier.ts';

type Listener = (position: LogPosition) => void;

const pollMs = 50;
/** Entries looked at in one poll; the next one goes on from there. */
const pollEntries = 5_000;

interface Watched {
  readonly listeners: Set<Listener>;
  /** The newest position that they were told. */
  told: number;
}

/**
 * Announcements reach this process's listeners at once. What other processes append to the same folder is noticed by
 * SQLite's `data_version`, asked every 50 ms while anybody watches.
 */
export class EmbeddedNotifier implements Notifier {
  readonly #watched = new Map<AccountId, Watched>();
  readonly #version;
  readonly #lastEntry;
  readonly #entries;
  #timer: NodeJS.Timeout | undefined;
  #seenVersion = 0;
  #seenEntry = 0;

  constructor(reader: DatabaseSync) {
    this.#version = reader.prepare('PRAGMA data_version');
    this.#lastEntry = reader.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'entries'");
    this.#entries = reader.prepare(
      `SELECT id, account, position FROM entries WHERE id > ? ORDER BY id LIMIT ${pollEntries}`,
    );
  }

  announce(account: AccountId, position: LogPosition): void {
    queueMicrotask(() => this.#tell(account, position));
  }

  watch(account: AccountId, listener: Listener): () => void {
    this.#start();
    let watched = this.#watched.get(account);
    if (!watched) this.#watched.set(account, (watched = { listeners: new Set(), told: 0 }));
    // A function of its own, so that one listener can watch twice.
    const own: Listener = (position) => listener(position);
    watched.listeners.add(own);
    return () => {
      if (!watched.listeners.delete(own) || watched.listeners.size > 0) return;
      this.#watched.delete(account);
      if (this.#watched.size === 0) this.close();
    };
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tell(account: AccountId, position: LogPosition): void {
    const watched = this.#watched.get(account);
    if (!watched) return;
    watched.told = Math.max(watched.told, position);
    for (const listener of [...watched.listeners]) if (watched.listeners.has(listener)) listener(position);
  }

  #start(): void {
    if (this.#timer) return;
    this.#seenVersion = this.#currentVersion();
    this.#seenEntry = Number(this.#lastEntry.get()?.seq ?? 0);
    this.#timer = setInterval(() => this.#poll(), pollMs).unref();
  }

  #currentVersion(): number {
    return Number(this.#version.get()?.data_version);
  }

  #poll(): void {
    const version = this.#currentVersion();
    if (version === this.#seenVersion) return;
    const newest = new Map<AccountId, LogPosition>();
    let count = 0;
    for (const { id, account, position } of this.#entries.all(this.#seenEntry)) {
      this.#seenEntry = id as number;
      newest.set(account as AccountId, position as LogPosition);
      count++;
    }
    // Where there may be more, the version stays unseen and the next poll goes on.
    if (count < pollEntries) this.#seenVersion = version;
    for (const [account, position] of newest)
      if (position > (this.#watched.get(account)?.told ?? Number.POSITIVE_INFINITY))
        this.#tell(account, position);
  }
}
