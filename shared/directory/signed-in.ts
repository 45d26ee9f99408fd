import type { AccountId } from '../ids.ts';
import type { Guest, SignInEnd } from '../net/guest.ts';
import { OpenCounts, RecentMap } from '../net/limits.ts';
import type { AccountRecord, Directory, Protocol } from '../ports/directory.ts';
import { err, ok, type Result } from '../result.ts';
import type { Log } from '../telemetry/log.ts';

/** Who signed in, and by what. */
export interface SignedIn {
  readonly account: AccountRecord;
  /** Id of the app password that was given; undefined where it was the account's own password. */
  readonly appPassword: string | undefined;
}

/** Sessions that one account may have at once, for each protocol. */
export const sessionsPerAccount = 50;

/** What a session of an ended sign-in may still be at: an answer that has begun. */
const leaveMs = 30_000;
/** An account that cannot be looked up is asked for again. */
const againMs = 5_000;
/** Accounts whose latest change is remembered for sign-ins that had read the record before it, and for how long. */
const recentChanges = 10_000;
const recentMs = 120_000;

interface Session {
  readonly signedIn: SignedIn;
  readonly protocol: Protocol;
  readonly guest: Guest;
}

/** Why a session may not go on; undefined where it may. */
export function endOf(
  { account, appPassword }: SignedIn,
  protocol: Protocol,
  now: AccountRecord | undefined,
): SignInEnd | undefined {
  if (now === undefined) return 'removed';
  if (now.status === 'suspended') return 'suspended';
  if (!now.protocols.includes(protocol)) return 'protocolOff';
  const holds =
    appPassword === undefined
      ? now.credentialVersion === account.credentialVersion
      : now.appPasswords.some(({ id }) => id === appPassword);
  return holds ? undefined : 'credentialsChanged';
}

/**
 * The sessions of a process that have signed in. Ends those whose sign-in holds no longer, as soon as the directory tells of the account's
 * change: its record is read then, and only then.
 */
export class SignedInSessions {
  readonly #directory: Pick<Directory, 'account'>;
  readonly #counts: OpenCounts;
  readonly #log: Log;
  readonly #sessions = new Map<AccountId, Set<Session>>();
  readonly #changed = new RecentMap<AccountId, number>(recentChanges);
  /** When any account may have changed. */
  #allChanged = Number.NEGATIVE_INFINITY;
  readonly #checking = new Map<AccountId, 'once' | 'again'>();
  readonly #stop: () => void;

  constructor(parts: {
    readonly directory: Pick<Directory, 'account' | 'watchAccounts'>;
    readonly log: Log;
    /** Where several processes keep the limit together. */
    readonly counts?: OpenCounts | undefined;
  }) {
    this.#directory = parts.directory;
    this.#log = parts.log;
    this.#counts = parts.counts ?? new OpenCounts(Number.MAX_SAFE_INTEGER, sessionsPerAccount);
    this.#stop = parts.directory.watchAccounts((changed) => {
      if (changed === 'all') {
        this.#allChanged = performance.now();
        for (const account of this.#sessions.keys()) this.#check(account);
      } else {
        this.#changed.set(changed, performance.now());
        this.#check(changed);
      }
    });
  }

  /** Counts a session of an account; what is returned is to be called at its end. */
  enter(signedIn: SignedIn, protocol: Protocol, guest: Guest): Result<() => void, 'tooMany'> {
    const { id } = signedIn.account;
    const key = `${protocol} ${id}`;
    if (this.#counts.open(key, false) !== 'ok') return err('tooMany');
    const session: Session = { signedIn, protocol, guest };
    const sessions = this.#sessions.get(id) ?? new Set();
    this.#sessions.set(id, sessions.add(session));
    // Told of while the password was being looked at: perhaps a change of the record that it was compared with.
    const changed = Math.max(this.#allChanged, this.#changed.get(id) ?? Number.NEGATIVE_INFINITY);
    if (performance.now() - changed < recentMs) this.#check(id);
    return ok(() => {
      if (!sessions.delete(session)) return;
      if (sessions.size === 0) this.#sessions.delete(id);
      this.#counts.close(key);
    });
  }

  /** Ends no more sessions. */
  close(): void {
    this.#stop();
  }

  #check(account: AccountId): void {
    if (!this.#sessions.has(account)) return;
    const running = this.#checking.has(account);
    this.#checking.set(account, running ? 'again' : 'once');
    if (!running) void this.#compare(account);
  }

  async #compare(account: AccountId): Promise<void> {
    try {
      do {
        this.#checking.set(account, 'once');
        this.#end(account, await this.#directory.account(account));
      } while (this.#checking.get(account) === 'again');
      this.#checking.delete(account);
    } catch (cause) {
      this.#log.warn({ event: 'account.unavailable' }, cause);
      setTimeout(() => {
        this.#checking.delete(account);
        this.#check(account);
      }, againMs).unref();
    }
  }

  #end(account: AccountId, now: AccountRecord | undefined): void {
    const ended = new Map<SignInEnd, number>();
    for (const { signedIn, protocol, guest } of this.#sessions.get(account) ?? []) {
      const why = endOf(signedIn, protocol, now);
      if (why === undefined) continue;
      ended.set(why, (ended.get(why) ?? 0) + 1);
      guest.leave(why);
      setTimeout(() => guest.cut(), leaveMs).unref();
    }
    for (const [reason, sessions] of ended)
      this.#log.info({ event: 'auth.ended', account, reason, sessions });
  }
}
