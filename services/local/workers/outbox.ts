import type { CountsName, News } from './news.ts';

/** Accounts that are told of at once; the others are found by looking at the log, as without any news. */
const maxGrown = 10_000;
/** Of each other kind. What is pushed out costs a slow hash or a wait that would have been saved, nothing else. */
const maxOthers = 1_000;

/**
 * News on their way to one process: merged until the message before has been taken, so that a slow reader makes them fewer, not longer.
 * Counts are never dropped: they hold one number for each key, and nothing where opened and closed cancel out.
 */
export class Outbox {
  readonly #send: (news: News, sent: () => void) => void;
  readonly #grown = new Map<string, number>();
  readonly #counts = new Map<string, number>();
  #signIns: News['signIns'][number][] = [];
  #passwords: string[] = [];
  readonly #attempts = new Map<string, string | null>();
  #state: 'resting' | 'planned' | 'sending' = 'resting';

  /** `send` calls `sent` when the other side's pipe has taken the message. */
  constructor(send: (news: News, sent: () => void) => void) {
    this.#send = send;
  }

  grown(account: string, position: number): void {
    const told = this.#grown.get(account);
    if (told === undefined && this.#grown.size >= maxGrown) return;
    this.#grown.set(account, Math.max(position, told ?? 0));
    this.#plan();
  }

  count(name: CountsName, key: string, change: number): void {
    const entry = `${name}\0${key}`;
    const sum = (this.#counts.get(entry) ?? 0) + change;
    if (sum === 0) this.#counts.delete(entry);
    else this.#counts.set(entry, sum);
    this.#plan();
  }

  signIn(outcome: 'failed' | 'succeeded', user: string, remote: string): void {
    this.#signIns.push([outcome, user, remote]);
    if (this.#signIns.length > maxOthers) this.#signIns.shift();
    this.#plan();
  }

  password(mark: string): void {
    this.#passwords.push(mark);
    if (this.#passwords.length > maxOthers) this.#passwords.shift();
    this.#plan();
  }

  attempt(key: string, id: string | null): void {
    this.#attempts.delete(key);
    if (this.#attempts.size >= maxOthers)
      for (const oldest of this.#attempts.keys()) {
        this.#attempts.delete(oldest);
        break;
      }
    this.#attempts.set(key, id);
    this.#plan();
  }

  /** Passes all of it on. */
  add(news: News): void {
    for (const [account, position] of news.grown) this.grown(account, position);
    for (const [name, key, change] of news.counts) this.count(name, key, change);
    for (const [outcome, user, remote] of news.signIns) this.signIn(outcome, user, remote);
    for (const mark of news.passwords) this.password(mark);
    for (const [key, id] of news.attempts) this.attempt(key, id);
  }

  #plan(): void {
    if (this.#state !== 'resting') return;
    this.#state = 'planned';
    // What one turn of the event loop brings goes as one message.
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    const news = this.#take();
    if (news === undefined) {
      this.#state = 'resting';
      return;
    }
    this.#state = 'sending';
    this.#send(news, () => this.#flush());
  }

  #take(): News | undefined {
    const news: News = {
      grown: [...this.#grown],
      counts: [...this.#counts].map(([entry, change]) => {
        const [name, key] = splitOnce(entry);
        return [name as CountsName, key, change];
      }),
      signIns: this.#signIns,
      passwords: this.#passwords,
      attempts: [...this.#attempts],
    };
    this.#grown.clear();
    this.#counts.clear();
    this.#signIns = [];
    this.#passwords = [];
    this.#attempts.clear();
    return Object.values(news).some((list) => list.length > 0) ? news : undefined;
  }
}

function splitOnce(entry: string): [string, string] {
  const at = entry.indexOf('\0');
  return [entry.slice(0, at), entry.slice(at + 1)];
}
