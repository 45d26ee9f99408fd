import type { DatabaseSync } from 'node:sqlite';
import type { AccountId } from '../../ids.ts';
import type { AccountListener } from '../../ports/directory.ts';
import { AccountListeners } from '../account-listeners.ts';

const pollMs = 100;
/** Changes read in one poll; more have been missed then. */
const pollChanges = 1_000;
/** Their names are times, so that they are in order. */
const nameLength = 15;
/** How long they are kept for other processes, ms; each looks ten times a second. */
const keptMs = 3600_000;

const nameOf = (at: number): string => String(at).padStart(nameLength, '0');

/** Writes down which accounts have changed, in the transaction of the change. In the writer's thread. */
export function accountChangeWrites(db: DatabaseSync): (account: AccountId) => void {
  const last = db.prepare("SELECT max(name) AS name FROM admin_records WHERE kind = 'account-change'");
  const forget = db.prepare("DELETE FROM admin_records WHERE kind = 'account-change' AND expires <= ?");
  const add = db.prepare(
    "INSERT INTO admin_records (kind, name, text, expires) VALUES ('account-change', ?, ?, ?)",
  );
  return (account) => {
    const now = Date.now();
    const before = Number(last.get()?.name ?? 0);
    forget.run(now);
    // A name is later than all that were read, whatever the clock says.
    add.run(nameOf(Math.max(now, before + 1)), account, now + keptMs);
  };
}

/** Tells of the accounts that were changed, by this process at once, by others on the same folder when `data_version` is looked at next. */
export class AccountChanges {
  readonly #version;
  readonly #last;
  readonly #changes;
  readonly #listeners: AccountListeners;
  #timer: NodeJS.Timeout | undefined;
  #seenVersion = 0;
  #seen = '';

  constructor(reader: DatabaseSync) {
    this.#version = reader.prepare('PRAGMA data_version');
    this.#last = reader.prepare("SELECT max(name) AS name FROM admin_records WHERE kind = 'account-change'");
    this.#changes = reader.prepare(
      `SELECT name, text FROM admin_records WHERE kind = 'account-change' AND name > ? ORDER BY name LIMIT ${pollChanges}`,
    );
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
    this.#seenVersion = this.#currentVersion();
    this.#seen = String(this.#last.get()?.name ?? '');
    this.#timer = setInterval(() => this.#poll(), pollMs).unref();
  }

  #currentVersion(): number {
    return Number(this.#version.get()?.data_version);
  }

  #poll(): void {
    const version = this.#currentVersion();
    if (version === this.#seenVersion) return;
    this.#seenVersion = version;
    const rows = this.#changes.all(this.#seen);
    if (rows.length === pollChanges) {
      this.#seen = String(this.#last.get()?.name);
      this.#listeners.tell('all');
      return;
    }
    for (const { name, text } of rows) {
      this.#seen = String(name);
      this.#listeners.tell(text as AccountId);
    }
  }
}
