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

export interface NewsParts {
  readonly onNews: (account: AccountId, position: LogPosition) => void;
  /** News of these accounts may have been missed up to now: before they were followed, or while nothing arrived. */
  readonly onMissed: (which: (account: AccountId) => boolean) => void;
}

export interface AwsNotifierOptions {
  /** Where the log is now, by a cheap read; undefined where nothing is new. */
  readonly grownBeyond: (account: AccountId, after: LogPosition) => Promise<LogPosition | undefined>;
  /** Made with the functions that take the news. Without one, changes of other tasks are found by polling alone. */
  readonly channel?: ((parts: NewsParts) => NewsChannel) | undefined;
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

const looksAtOnce = 32;
/** How often it is seen whose turn has come, as a part of the shorter interval, but at least once in so many ms. */
const rounds = 10;
const longestRoundMs = 1_000;

/** Watches accounts by polling the tails of their logs, and hears of changes at once where there is a channel. */
export class AwsNotifier implements Notifier {
  readonly #options: AwsNotifierOptions;
  readonly #channel: NewsChannel | undefined;
  readonly #watched = new Map<AccountId, Watched>();
  readonly #pollMs: number;
  readonly #safetyPollMs: number;
  readonly #random: () => number;
  readonly #timer: NodeJS.Timeout;
  /** Accounts whose turn has come, in that order. */
  readonly #waiting = new Set<AccountId>();
  #looking = 0;
  #closed = false;

  constructor(options: AwsNotifierOptions) {
    this.#options = options;
    this.#pollMs = options.pollMs ?? 15_000;
    this.#safetyPollMs = options.safetyPollMs ?? 300_000;
    this.#random = options.random ?? Math.random;
    this.#channel = options.channel?.({
      onNews: (account, position) => this.#tell(account, position),
      onMissed: (which) => {
        for (const [account, watched] of this.#watched)
          if (which(account)) this.#lookOutOfTurn(account, watched);
        this.#lookAtWaiting();
      },
    });
    const roundMs = Math.max(5, Math.min(longestRoundMs, this.#pollMs / rounds));
    this.#timer = setInterval(() => this.#round(), roundMs).unref();
  }

  announce(account: AccountId, position: LogPosition): void {
    this.#channel?.send(account, position);
    setImmediate(() => this.#tell(account, position, 'own'));
  }

  watch(account: AccountId, listener: Listener): () => void {
    let watched = this.#watched.get(account);
    if (watched === undefined) {
      watched = { listeners: new Set(), known: 0 as LogPosition, due: this.#within(this.#interval) };
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

  get #interval(): number {
    return this.#channel?.up ? this.#safetyPollMs : this.#pollMs;
  }

  /** Up to an interval from now, spread over the end of it: a thousand accounts opened at once are not looked at at once for ever. */
  #within(interval: number): number {
    return performance.now() + interval * (0.75 + this.#random() / 4);
  }

  /** After its first look an account's looks are an interval apart, and no less: what they cost is what budgets and prices say. */
  #round(): void {
    const now = performance.now();
    const interval = this.#interval;
    for (const [account, watched] of this.#watched) {
      // A channel that has just gone down leaves looks planned for much later.
      if (watched.due - now > this.#pollMs && !this.#channel?.up) watched.due = this.#within(this.#pollMs);
      if (watched.due > now) continue;
      // Where this process stood still, all are late: they are spread anew.
      watched.due = watched.due + interval > now ? watched.due + interval : this.#within(interval);
      this.#waiting.add(account);
    }
    this.#lookAtWaiting();
  }

  /** In the place of its next turn. The one after that is no sooner than an interval from now, and spread anew. */
  #lookOutOfTurn(account: AccountId, watched: Watched): void {
    watched.due = this.#within(this.#safetyPollMs) + this.#safetyPollMs / 4;
    this.#waiting.add(account);
  }

  #lookAtWaiting(): void {
    for (const account of this.#waiting) {
      if (this.#closed || this.#looking >= looksAtOnce) return;
      this.#waiting.delete(account);
      const watched = this.#watched.get(account);
      if (watched) void this.#look(account, watched);
    }
  }

  async #look(account: AccountId, watched: Watched): Promise<void> {
    this.#looking++;
    try {
      const position = await this.#options.grownBeyond(account, watched.known);
      if (position !== undefined) this.#tell(account, position);
    } catch {
      // The log cannot be asked just now: whoever needs it will say so.
    }
    this.#looking--;
    this.#lookAtWaiting();
  }
}
