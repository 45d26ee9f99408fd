import type { AccountId, LogPosition } from '../../ids.ts';
import type { Notifier } from '../../ports/notifier.ts';

type Listener = (position: LogPosition) => void;

/** News by a channel that may lose them; what is lost is found by looking at the log's tail. */
export interface NewsChannel {
  /** Best effort, and never throws. */
  send(account: AccountId, position: LogPosition): void;
  /** From now on `onNews` is called with news of this account. */
  follow(account: AccountId): void;
  unfollow(account: AccountId): void;
  /** Whether news can be expected to arrive just now. */
  readonly up: boolean;
  close(): Promise<void>;
}

export interface AwsNotifierOptions {
  /** Where the log is now, by a cheap read; undefined where nothing is new. */
  readonly grownBeyond: (account: AccountId, after: LogPosition) => Promise<LogPosition | undefined>;
  /** Made with the function that takes the news. Without one, changes of other tasks are found by polling alone. */
  readonly channel?:
    | ((onNews: (account: AccountId, position: LogPosition) => void) => NewsChannel)
    | undefined;
  /** Milliseconds between two looks at an account's tail where there is no channel; 15,000 unless given. */
  readonly pollMs?: number;
  /** The same while the channel is up: the safety net. 300,000 unless given. */
  readonly safetyPollMs?: number;
  /** At least 0 and below 1. */
  readonly random?: () => number;
}

interface Watched {
  readonly listeners: Set<{ readonly call: Listener }>;
  known: LogPosition;
  /** When its tail is looked at next, ms of the monotonic clock. */
  due: number;
}

const looksAtOnce = 16;
/** How often it is seen whose turn has come, as a part of the shorter interval. */
const rounds = 10;

/** Watches accounts by polling the tails of their logs, and hears of changes at once where there is a channel. */
export class AwsNotifier implements Notifier {
  readonly #options: AwsNotifierOptions;
  readonly #channel: NewsChannel | undefined;
  readonly #watched = new Map<AccountId, Watched>();
  readonly #pollMs: number;
  readonly #safetyPollMs: number;
  readonly #random: () => number;
  readonly #timer: NodeJS.Timeout;
  #looking = 0;
  #closed = false;

  constructor(options: AwsNotifierOptions) {
    this.#options = options;
    this.#pollMs = options.pollMs ?? 15_000;
    this.#safetyPollMs = options.safetyPollMs ?? 300_000;
    this.#random = options.random ?? Math.random;
    this.#channel = options.channel?.((account, position) => this.#tell(account, position));
    this.#timer = setInterval(() => this.#look(), Math.max(5, this.#pollMs / rounds)).unref();
  }

  announce(account: AccountId, position: LogPosition): void {
    this.#channel?.send(account, position);
    setImmediate(() => this.#tell(account, position, 'own'));
  }

  watch(account: AccountId, listener: Listener): () => void {
    let watched = this.#watched.get(account);
    if (watched === undefined) {
      watched = { listeners: new Set(), known: 0 as LogPosition, due: this.#nextLook() };
      this.#watched.set(account, watched);
      this.#channel?.follow(account);
    }
    const entry = { call: listener };
    const { listeners } = watched;
    listeners.add(entry);
    return () => {
      if (
        !listeners.delete(entry) ||
        listeners.size > 0 ||
        this.#watched.get(account)?.listeners !== listeners
      )
        return;
      this.#watched.delete(account);
      this.#channel?.unfollow(account);
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#channel?.close();
  }

  /** Own news are told however old they are, as the port promises; others' only once. */
  #tell(account: AccountId, position: LogPosition, whose: 'own' | 'others' = 'others'): void {
    const watched = this.#watched.get(account);
    if (watched === undefined || this.#closed) return;
    if (whose === 'others' && position <= watched.known) return;
    if (position > watched.known) watched.known = position;
    for (const { call } of [...watched.listeners]) call(position);
  }

  /** Spread over the interval, so that a thousand accounts opened at once are not looked at at once for ever. */
  #nextLook(): number {
    const interval = this.#channel?.up ? this.#safetyPollMs : this.#pollMs;
    return performance.now() + interval * (0.75 + this.#random() / 4);
  }

  #look(): void {
    const now = performance.now();
    for (const [account, watched] of this.#watched) {
      if (this.#looking >= looksAtOnce) return;
      // A channel that has just gone down leaves looks planned for much later.
      if (watched.due > now && (this.#channel?.up || watched.due - now <= this.#pollMs)) continue;
      watched.due = this.#nextLook();
      this.#looking++;
      this.#options
        .grownBeyond(account, watched.known)
        .then((position) => position !== undefined && this.#tell(account, position))
        // The log cannot be asked just now: whoever needs it will say so.
        .catch(() => {})
        .finally(() => this.#looking--);
    }
  }
}
