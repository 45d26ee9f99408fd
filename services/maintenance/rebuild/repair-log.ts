import type { AccountId, LogPosition } from '../../../shared/ids.ts';
import type {
  AccountLog,
  AppendOutcome,
  AppendRequest,
  Head,
  LogEnd,
  LogTail,
  StoredEntry,
} from '../../../shared/ports/account-log.ts';

/**
 * One account's log in memory: what could be read of the real one, and what a rebuild adds to it. The real one is not touched, so
 * that a rebuild which is broken off, or only tried, has changed nothing.
 */
export class RepairLog implements AccountLog {
  #head: Head | undefined;
  readonly #entries: StoredEntry[];

  constructor(head: Head | undefined, entries: readonly StoredEntry[]) {
    this.#head = head;
    this.#entries = [...entries];
  }

  get head(): Head | undefined {
    return this.#head;
  }

  async read(_account: AccountId, after: LogPosition): Promise<LogTail> {
    const head = this.#head;
    const whole = after > 0 || head === undefined;
    const from = whole ? after : head.position;
    return { head, entries: this.#entries.filter(({ position }) => position > from), more: false };
  }

  async readEnd(): Promise<LogEnd> {
    return { head: this.#head, last: this.#entries.at(-1) };
  }

  async append({ position, bytes }: AppendRequest): Promise<AppendOutcome> {
    const last = this.#entries.at(-1)?.position ?? this.#head?.position ?? 0;
    if (position !== last + 1)
      return { kind: 'taken', occupant: this.#entries.find((e) => e.position === position)?.bytes };
    this.#entries.push({ position, bytes });
    return { kind: 'done' };
  }

  async moveHead(_account: AccountId, head: Head): Promise<boolean> {
    if (head.position <= (this.#head?.position ?? 0)) return false;
    this.#head = head;
    return true;
  }

  async trim(): Promise<void> {}
  async drop(): Promise<void> {}
}
