import type { Account } from './account.ts';
import { compactAccount, needsCompaction } from './compactor.ts';
import type { EngineParts } from './engine.ts';

/** When an account's log is folded by this process: in the background where its tail has grown, one at a time, or because somebody says so. */
export class AccountCompaction {
  readonly #account: Account;
  readonly #parts: EngineParts;
  #running: Promise<void> | undefined;

  constructor(account: Account, parts: EngineParts) {
    this.#account = account;
    this.#parts = parts;
  }

  /** Begins one where it is needed and none is under way. */
  startWhereNeeded(): void {
    const { tail, snapshot: before } = this.#account;
    const { giveUp, onError } = this.#parts;
    if (giveUp.aborted || !needsCompaction(tail, before)) return;
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
    await this.#running;
    await compactAccount(this.#account, this.#parts);
  }

  /** Resolves when none is under way. */
  async settle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }
}
