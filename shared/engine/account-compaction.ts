import type { Account } from './account.ts';
import { compactAccount, needsCompaction } from './compactor.ts';
import type { EngineParts } from './engine.ts';

/** Where nothing was written for this long, ms, what is needed is done; sooner only where the tail is long. */
const lull = 1000;

/**
 * When an account's log is folded by this process: in the background, one at a time, where its tail has grown and its writer pauses, so that a burst of
 * changes is folded once and nobody who is at work waits for it; or because somebody says so.
 */
export class AccountCompaction {
  readonly #account: Account;
  readonly #parts: EngineParts;
  #running: Promise<void> | undefined;
  #waiting = false;

  constructor(account: Account, parts: EngineParts) {
    this.#account = account;
    this.#parts = parts;
  }

  /** Sees to it that the log is folded soon, where that is needed. */
  startWhereNeeded(): void {
    const { tail, snapshot } = this.#account;
    if (!this.#isNeeded || this.#running !== undefined) return;
    if (needsCompaction(tail, snapshot, this.#parts.longTail)) this.#start();
    else if (!this.#waiting) void this.#startInLull();
  }

  get #isNeeded(): boolean {
    return !this.#parts.giveUp.aborted && needsCompaction(this.#account.tail, this.#account.snapshot);
  }

  async #startInLull(): Promise<void> {
    this.#waiting = true;
    let seen: number;
    do {
      seen = this.#account.state.position;
      await this.#parts.sleep(lull);
    } while (this.#isNeeded && seen !== this.#account.state.position);
    this.#waiting = false;
    this.#start();
  }

  /** Begins one where it is needed and none is under way. */
  #start(): void {
    if (!this.#isNeeded) return;
    const { snapshot: before } = this.#account;
    const { giveUp, onError } = this.#parts;
    this.#running ??= compactAccount(this.#account, this.#parts, 'whileNeeded')
      .catch((cause) => {
        if (!giveUp.aborted) onError('compaction', this.#account.id, cause);
      })
      .finally(() => {
        this.#running = undefined;
        // What came meanwhile may be the last for long: it is not left to the next writer.
        if (this.#account.snapshot !== before) this.startWhereNeeded();
      });
  }

  /** What is under way began before the newest entries: it is waited for. */
  async run(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    const fold = compactAccount(this.#account, this.#parts);
    // Two folds of one base would hinder each other, longer than any lease is held.
    this.#running = fold
      .catch(() => undefined)
      .finally(() => {
        this.#running = undefined;
      });
    await fold;
  }

  /** Does what is needed at once. Resolves when none is under way. */
  async settle(): Promise<void> {
    while (this.#waiting || this.#running !== undefined) {
      const { snapshot: before } = this.#account;
      if (this.#waiting) this.#start();
      await this.#running;
      // What came meanwhile may need the next one; another process at work is not waited for.
      if (this.#account.snapshot === before) return;
    }
  }
}
