import {
  createRememberedPasswords,
  type PasswordMark,
  type RememberedPasswords,
  rememberMs,
} from '../../../shared/directory/remembered-passwords.ts';
import { createSignInThrottle, type SignInThrottle } from '../../../shared/directory/sign-in-throttle.ts';
import { sessionsPerAccount } from '../../../shared/directory/signed-in.ts';
import type { AccountId, LogPosition } from '../../../shared/ids.ts';
import { OpenCounts } from '../../../shared/net/limits.ts';
import type { NetworkList } from '../../../shared/net/networks.ts';
import type { Notifier } from '../../../shared/ports/notifier.ts';
import { RetryMemory } from '../../inbound/retries.ts';
import type { CountsName, News } from './news.ts';
import type { Outbox } from './outbox.ts';

/** Keeps one guest from taking the whole house. */
const maxConnectionsPerAddress = 500;

/** What a process keeps of its clients besides their mail. */
export interface ServingState {
  readonly counts: OpenCounts;
  readonly signedIn: OpenCounts;
  readonly throttle: SignInThrottle;
  readonly remembered: RememberedPasswords;
  readonly retries: RetryMemory;
}

export interface StateSettings {
  readonly trustedNetworks: NetworkList;
  /** Over all services and processes. */
  readonly maxConnections: number;
}

/** For a server that is one process. */
export const ownState = (
  { trustedNetworks, maxConnections }: StateSettings,
  secret: Uint8Array,
): ServingState => ({
  counts: new OpenCounts(maxConnections, maxConnectionsPerAddress),
  signedIn: new OpenCounts(Number.MAX_SAFE_INTEGER, sessionsPerAccount),
  throttle: createSignInThrottle({ trusted: trustedNetworks }),
  remembered: createRememberedPasswords({ key: secret }),
  retries: new RetryMemory(),
});

/** A process's part of what all processes of a server keep together. */
export interface SharedState extends ServingState {
  /** Takes in what the others tell. */
  take(news: News): void;
}

class SharedRetries extends RetryMemory {
  readonly #outbox: Outbox;

  constructor(outbox: Outbox) {
    super();
    this.#outbox = outbox;
  }

  override failed(key: string, id: string): void {
    super.failed(key, id);
    this.#outbox.attempt(key, id);
  }

  override settled(key: string): void {
    // Most deliveries never failed: nobody need hear of them.
    if (!this.has(key)) return;
    super.settled(key);
    this.#outbox.attempt(key, null);
  }

  take(key: string, id: string | null): void {
    if (id === null) super.settled(key);
    else super.failed(key, id);
  }
}

/**
 * State that several processes keep together, each with a copy that is a message behind. A limit can be passed by what others admit within that
 * message's time, a millisecond or so; nothing else depends on its arrival.
 */
export function shareState(
  outbox: Outbox,
  { trustedNetworks, maxConnections }: StateSettings,
  secret: Uint8Array,
): SharedState {
  const counted = (name: CountsName) => (key: string, change: number) => outbox.count(name, key, change);
  const counts = new OpenCounts(maxConnections, maxConnectionsPerAddress, counted('connections'));
  const signedIn = new OpenCounts(Number.MAX_SAFE_INTEGER, sessionsPerAccount, counted('signedIn'));
  const throttle = createSignInThrottle({ trusted: trustedNetworks });
  const remembered = createRememberedPasswords({ key: secret });
  const retries = new SharedRetries(outbox);
  return {
    counts,
    signedIn,
    retries,
    throttle: {
      waitMs: throttle.waitMs,
      failed(user, remote, now) {
        throttle.failed(user, remote, now);
        outbox.signIn('failed', user, remote);
      },
      succeeded(user, remote, now) {
        throttle.succeeded(user, remote, now);
        outbox.signIn('succeeded', user, remote);
      },
    },
    remembered: {
      mark: remembered.mark,
      has: remembered.has,
      remember(mark, now, forMs) {
        remembered.remember(mark, now, forMs);
        // What another machine verified they find out for themselves, with its end.
        if (forMs === undefined || forMs === rememberMs) outbox.password(mark);
      },
    },
    take(news) {
      const now = Date.now();
      for (const [name, key, change] of news.counts)
        (name === 'connections' ? counts : signedIn).elsewhere(key, change);
      for (const [outcome, user, remote] of news.signIns) throttle[outcome](user, remote, now);
      for (const mark of news.passwords) remembered.remember(mark as PasswordMark, now);
      for (const [key, id] of news.attempts) retries.take(key, id);
    },
  };
}

type Listener = (position: LogPosition) => void;

/**
 * The store's notifier, and besides it the server's other processes: they hear of a change as soon as a message takes, where the store
 * alone may look every now and then.
 */
export class SharedNotifier implements Notifier {
  readonly #inner: Notifier;
  readonly #outbox: Outbox;
  readonly #listeners = new Map<AccountId, Set<Listener>>();

  constructor(inner: Notifier, outbox: Outbox) {
    this.#inner = inner;
    this.#outbox = outbox;
  }

  announce(account: AccountId, position: LogPosition): void {
    this.#inner.announce(account, position);
    this.#outbox.grown(account, position);
  }

  watch(account: AccountId, listener: Listener): () => void {
    const end = this.#inner.watch(account, listener);
    let listeners = this.#listeners.get(account);
    if (!listeners) this.#listeners.set(account, (listeners = new Set()));
    // A function of its own, so that one listener can watch twice.
    const own: Listener = (position) => listener(position);
    listeners.add(own);
    return () => {
      end();
      listeners.delete(own);
      if (listeners.size === 0 && this.#listeners.get(account) === listeners) this.#listeners.delete(account);
    };
  }

  /** Another process has announced it: to its store, too. */
  take(news: News): void {
    for (const [account, position] of news.grown)
      for (const listener of [...(this.#listeners.get(account as AccountId) ?? [])])
        listener(position as LogPosition);
  }
}
