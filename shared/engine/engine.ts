import type { AccountId, Entropy } from '../ids.ts';
import type { AccountLog } from '../ports/account-log.ts';
import type { BlobStore } from '../ports/blob-store.ts';
import type { Leases } from '../ports/leases.ts';
import type { Notifier } from '../ports/notifier.ts';
import { ok, type Result } from '../result.ts';
import { Account } from './account.ts';
import type { ByteCache } from './byte-cache.ts';
import { type MailError, unavailable } from './mail-error.ts';

/** What every account of a process works with. */
export interface EngineParts {
  readonly log: AccountLog;
  readonly blobs: BlobStore;
  readonly leases: Leases;
  readonly notifier: Notifier;
  readonly entropy: Entropy;
  /** Waits, in milliseconds: a port, so that a simulation owns time. */
  readonly sleep: (ms: number) => Promise<void>;
  /** Unpacked header frames of all accounts. */
  readonly frames: ByteCache<readonly Uint8Array[]>;
  /** Operations above this many bytes go to a spill object. */
  readonly inlineBytes: number;
  /** How long objects that a snapshot no longer names outlive it, ms: as long as backups of the log. */
  readonly replacedLifetime: number;
  /** Background work that failed; the account goes on without it. */
  readonly onError: (what: 'compaction' | 'refresh', account: AccountId, cause: unknown) => void;
}

/** A session's hold on an account. While one is held, changes made elsewhere arrive by the notifier. */
export interface AccountHold {
  readonly account: Account;
  release(): void;
}

interface Held {
  readonly account: Account;
  readonly loaded: Promise<void>;
  holds: number;
  /** Whether it stays loaded when nobody holds it. */
  stays: boolean;
  unwatch: (() => void) | undefined;
}

/** Accounts that nobody holds stay loaded up to this number, for the client that comes back in a minute. */
const idleAccounts = 256;

/** The accounts that this process has open. */
export class MailEngine {
  readonly parts: EngineParts;
  /** In order of last use, oldest first. */
  readonly #accounts = new Map<AccountId, Held>();

  constructor(parts: EngineParts) {
    this.parts = parts;
  }

  /**
   * Opens an account and brings it up to date. Release what you open. 'passing': who goes through all accounts takes no place from
   * those that people use; what nobody else opened meanwhile is let go on release.
   */
  async open(id: AccountId, use: 'staying' | 'passing' = 'staying'): Promise<Result<AccountHold, MailError>> {
    const known = this.#accounts.get(id);
    const held = known ?? this.#load(id);
    if (use === 'staying') {
      this.#accounts.delete(id);
      held.stays = true;
    }
    this.#accounts.set(id, held);
    held.holds++;
    let released = false;
    const release = () => {
      if (released) return;
      released = true;
      held.holds--;
      if (held.holds === 0) this.#rest(held);
    };
    try {
      await held.loaded;
      held.unwatch ??= this.parts.notifier.watch(id, (position) => this.#announced(held, position));
      if (known !== undefined) await held.account.catchUp();
    } catch (cause) {
      release();
      if (this.#accounts.get(id) === held && known === undefined) this.#accounts.delete(id);
      return { ok: false, error: unavailable(cause) };
    }
    return ok({ account: held.account, release });
  }

  #load(id: AccountId): Held {
    const account = new Account(id, this.parts);
    return { account, loaded: account.catchUp(), holds: 0, stays: false, unwatch: undefined };
  }

  #announced(held: Held, position: number): void {
    if (position <= held.account.state.position) return;
    held.account.catchUp().catch((cause) => this.parts.onError('refresh', held.account.id, cause));
  }

  #rest(held: Held): void {
    held.unwatch?.();
    held.unwatch = undefined;
    if (!held.stays) {
      if (this.#accounts.get(held.account.id) === held) this.#accounts.delete(held.account.id);
      return;
    }
    let idle = 0;
    for (const other of this.#accounts.values()) if (other.holds === 0) idle++;
    for (const [id, other] of this.#accounts) {
      if (idle <= idleAccounts) return;
      if (other.holds > 0) continue;
      this.#accounts.delete(id);
      idle--;
    }
  }

  /** Runs with an account open. */
  async with<T>(
    id: AccountId,
    use: (account: Account) => Promise<Result<T, MailError>>,
  ): Promise<Result<T, MailError>> {
    const opened = await this.open(id);
    if (!opened.ok) return opened;
    try {
      return await use(opened.value.account);
    } finally {
      opened.value.release();
    }
  }

  /** Waits for commits and compactions under way: the last step before the store closes. */
  async close(): Promise<void> {
    await Promise.all(Array.from(this.#accounts.values(), (held) => held.account.settle()));
    for (const held of this.#accounts.values()) held.unwatch?.();
    this.#accounts.clear();
  }
}
