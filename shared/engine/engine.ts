import { type AccountId, type Entropy, outboxAccount } from '../ids.ts';
import type { AccountLog } from '../ports/account-log.ts';
import type { BlobStore } from '../ports/blob-store.ts';
import type { Leases } from '../ports/leases.ts';
import type { Notifier } from '../ports/notifier.ts';
import { ok, type Result } from '../result.ts';
import { Account } from './account.ts';
import type { ObjectCache } from './frame-reader.ts';
import { IdleAccounts } from './idle-accounts.ts';
import { type MailError, unavailable } from './mail-error.ts';
import { type UnopenedAppend, type UnopenedOutcome, UnopenedWriter } from './unopened-writer.ts';

/** What every account of a process works with. */
export interface EngineParts {
  readonly log: AccountLog;
  readonly blobs: BlobStore;
  readonly leases: Leases;
  readonly notifier: Notifier;
  readonly entropy: Entropy;
  /** Waits, in milliseconds: a port, so that a simulation owns time. */
  readonly sleep: (ms: number) => Promise<void>;
  /** Pieces of header segments of all accounts. */
  readonly frames: ObjectCache;
  /** Operations above this many bytes go to a spill object. */
  readonly inlineBytes: number;
  /** How a message's record lies in an entry: compressed where the log is paid by the byte; where it is not, that only takes time. */
  readonly recordCodec: 'raw' | 'zstd';
  /**
   * A mailbox whose messages lie so scattered among others' that reading their records reads three times what it needs, and so many bytes more,
   * has copies of them together.
   */
  readonly scatteredBytes: number;
  /**
   * A log that is worth folding is folded when its writer pauses; while it goes on, only where the tail is so many times as long: whoever opens the
   * account reads all of it.
   */
  readonly longTail: number;
  /** Accounts that nobody holds stay open within this many bytes, for the client that comes back in a minute. */
  readonly idleBytes: number;
  /** How long objects that a snapshot no longer names outlive it, ms: as long as backups of the log. */
  readonly replacedLifetime: number;
  /** Background work that failed; the account goes on without it. */
  readonly onError: (what: 'compaction' | 'refresh', account: AccountId, cause: unknown) => void;
  /** Aborted where nobody waits for compactions any more: they end before their next step. */
  readonly giveUp: AbortSignal;
}

/** A session's hold on an account. While one is held, changes made elsewhere arrive by the notifier. */
export interface AccountHold {
  readonly account: Account;
  release(): void;
}

/**
 * Whether the log of an account that is opened must have an entry already. Every account's has one before the directory knows of it
 * (services/local/add-account.ts): one that is empty was lost. Only who begins an account may find it so; the outbox, which no directory has, begins with
 * what is posted first.
 */
export type LogIs = 'begun' | 'perhapsEmpty';

/** The log of an account is gone. Nothing is made in its place: what it had would be hidden by it, and its UIDs given out again. */
export class LogLost extends Error {
  constructor(id: AccountId) {
    super(
      `the log of ${id} is empty, though it was begun: restore the table, or rebuild the account (\`restante rebuild\`)`,
    );
  }
}

interface Held {
  readonly account: Account;
  readonly loaded: Promise<void>;
  holds: number;
  /** Whether it stays loaded when nobody holds it. */
  stays: boolean;
  unwatch: (() => void) | undefined;
}

/** The accounts that this process has open. */
export class MailEngine {
  readonly parts: EngineParts;
  readonly #giveUp = new AbortController();
  readonly #accounts = new Map<AccountId, Held>();
  readonly #idle: IdleAccounts;
  readonly #unopened = new Map<AccountId, UnopenedWriter>();

  constructor(parts: Omit<EngineParts, 'giveUp'>) {
    this.parts = { ...parts, giveUp: this.#giveUp.signal };
    this.#idle = new IdleAccounts(parts.idleBytes, (account) => {
      // One that could not be opened may have another by its id in its place.
      if (this.#accounts.get(account.id)?.account === account) this.#accounts.delete(account.id);
    });
  }

  /**
   * Opens an account and brings it up to date. Release what you open. 'passing': who goes through all accounts takes no place from
   * those that people use; what nobody else opened meanwhile is let go on release. A log that is empty is refused as unavailable (LogLost).
   */
  async open(
    id: AccountId,
    use: 'staying' | 'passing' = 'staying',
    log: LogIs = 'begun',
  ): Promise<Result<AccountHold, MailError>> {
    const known = this.#accounts.get(id);
    const held = known ?? this.#load(id);
    if (use === 'staying') held.stays = true;
    this.#accounts.set(id, held);
    held.holds++;
    this.#idle.take(held.account);
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
      if (log === 'begun' && held.account.state.position === 0 && id !== outboxAccount) throw new LogLost(id);
    } catch (cause) {
      // First: what could not be opened is not kept among those that rest.
      if (this.#accounts.get(id) === held && known === undefined) this.#accounts.delete(id);
      release();
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
    if (this.#accounts.get(held.account.id) !== held) return;
    if (held.stays) this.#idle.add(held.account);
    else this.#accounts.delete(held.account.id);
  }

  /** Runs with an account open. */
  async with<T>(
    id: AccountId,
    use: (account: Account) => Promise<Result<T, MailError>>,
    log: LogIs = 'begun',
  ): Promise<Result<T, MailError>> {
    const opened = await this.open(id, 'staying', log);
    if (!opened.ok) return opened;
    try {
      return await use(opened.value.account);
    } finally {
      opened.value.release();
    }
  }

  /**
   * Delivers to INBOX on nothing but the log's last entry, where that is enough: one read, whatever the account holds. 'mustOpen' where it is not, or where
   * somebody has the account open here; nothing was written then.
   */
  async appendUnopened(id: AccountId, request: UnopenedAppend): Promise<Result<UnopenedOutcome, MailError>> {
    if ((this.#accounts.get(id)?.holds ?? 0) > 0 || id === outboxAccount) return ok('mustOpen');
    const writer = this.#unopened.get(id) ?? new UnopenedWriter(id, this.parts);
    this.#unopened.set(id, writer);
    const outcome = writer.append(request);
    void writer.idle().then(() => {
      if (!writer.busy) this.#unopened.delete(id);
    });
    return await outcome;
  }

  /** Waits for commits and compactions under way. */
  async settle(): Promise<void> {
    await Promise.all(Array.from(this.#unopened.values(), (writer) => writer.idle()));
    await Promise.all(Array.from(this.#accounts.values(), (held) => held.account.settle()));
  }

  /**
   * Compactions under way, which may take a minute, end unfinished: what they wrote is swept later, and the log is as complete as before.
   * For a server that is to end.
   */
  giveUpCompactions(): void {
    this.#giveUp.abort();
  }

  /** The last step before the store closes. */
  async close(): Promise<void> {
    await this.settle();
    for (const held of this.#accounts.values()) held.unwatch?.();
    for (const held of this.#accounts.values()) this.#idle.take(held.account);
    this.#accounts.clear();
  }
}
