import type { AccountId, LogPosition } from '../../../shared/ids.ts';
import type { AccountLog, LogTail } from '../../../shared/ports/account-log.ts';
import { type Blob, StoreUnavailable } from '../../../shared/ports/blob-store.ts';

/**
 * Remembers that the store did not answer. A rebuild takes whatever cannot be read for damage and goes on without it: a moment's fault of a service
 * must not become the account's new truth.
 */
export class NotedFaults {
  #first: StoreUnavailable | undefined;

  /** Throws the first one. */
  throwAny(): void {
    if (this.#first !== undefined) throw this.#first;
  }

  async noting<T>(asked: Promise<T>): Promise<T> {
    try {
      return await asked;
    } catch (cause) {
      throw this.#note(cause);
    }
  }

  /** The same of a body that is read later. */
  blob(blob: Blob | undefined): Blob | undefined {
    if (blob === undefined || blob.body instanceof Uint8Array) return blob;
    return { size: blob.size, body: this.#chunks(blob.body) };
  }

  /** A log that is only read. */
  log(log: AccountLog): AccountLog {
    return {
      read: (account: AccountId, after: LogPosition): Promise<LogTail> =>
        this.noting(log.read(account, after)),
      readEnd: (account) => this.noting(log.readEnd(account)),
      append: (request) => log.append(request),
      moveHead: (account, move) => log.moveHead(account, move),
      trim: (account, upTo) => log.trim(account, upTo),
      drop: (account) => log.drop(account),
    };
  }

  async *#chunks(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    try {
      yield* body;
    } catch (cause) {
      throw this.#note(cause);
    }
  }

  #note(cause: unknown): unknown {
    if (cause instanceof StoreUnavailable) this.#first ??= cause;
    return cause;
  }
}
