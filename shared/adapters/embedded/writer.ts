import { Worker } from 'node:worker_threads';
import { NewerStore, OlderStore } from './schema.ts';
import type {
  FromWriter,
  ToWriter,
  WriteAnswer,
  WriteOperations,
  WriteRequest,
  WriterStart,
} from './write-operations.ts';

/** What may be with the writer's thread at once; whoever comes then waits in turn. */
const inFlightRequests = 4_096;
const inFlightBytes = 32 * 1024 * 1024;
/** Charged for a request besides the bytes it carries. */
const requestBytes = 512;

const textOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

/** The transaction could not be begun or committed, or the writer died: it may have happened or not. */
export class OutcomeUnknown extends Error {
  constructor(cause: unknown) {
    super(`the outcome of a write is unknown: ${textOf(cause)}`, { cause });
    this.name = 'OutcomeUnknown';
  }
}

export class StoreClosed extends Error {
  constructor(cause?: unknown) {
    super(cause === undefined ? 'the store is closed' : `the store has failed: ${textOf(cause)}`, { cause });
    this.name = 'StoreClosed';
  }
}

interface Pending extends WriteRequest {
  readonly resolve: (value: never) => void;
  readonly reject: (cause: unknown) => void;
}

/**
 * The way to the writer's thread. Requests reach it in the order of the calls; those of one turn of the event loop go as
 * one message, and it writes whatever is waiting in one transaction.
 */
export class Writer {
  readonly #worker: Worker;
  readonly #onFailure: (cause: unknown) => void;
  readonly #waiting: Pending[] = [];
  readonly #inFlight = new Map<number, Pending>();
  #bytesInFlight = 0;
  #outbox: WriteRequest[] = [];
  #lastId = 0;
  /** Set once no more requests are taken. */
  #closed: StoreClosed | undefined;
  #closing: Promise<void> | undefined;
  #ended: () => void = () => {};

  private constructor(worker: Worker, onFailure: (cause: unknown) => void) {
    this.#worker = worker;
    this.#onFailure = onFailure;
    worker.on('message', (message: FromWriter) => {
      if (message.kind === 'answers') this.#settle(message.answers);
    });
    worker.on('error', (cause) => this.#fail(cause));
    worker.on('exit', () => {
      this.#fail(new Error('the writer thread ended'));
      this.#ended();
    });
  }

  /** Opens the database, creating or upgrading it; throws NewerStore, OlderStore or what went wrong. */
  static async open(start: WriterStart, onFailure: (cause: unknown) => void): Promise<Writer> {
    const worker = new Worker(new URL('./writer-worker.ts', import.meta.url), { workerData: start });
    const first = await new Promise<FromWriter>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    if (first.kind === 'ready') return new Writer(worker, onFailure);
    await worker.terminate();
    if (first.kind === 'newer') throw new NewerStore(first.found);
    if (first.kind === 'older') throw new OlderStore(first.found);
    throw (first as { cause?: unknown }).cause;
  }

  /** Resolves after the commit. Rejects with OutcomeUnknown where that is the truth; else nothing was changed. */
  send<K extends keyof WriteOperations>(
    operation: K,
    argument: Parameters<WriteOperations[K]>[0],
    carriedBytes = 0,
  ): Promise<ReturnType<WriteOperations[K]>> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(this.#closed);
      const id = ++this.#lastId;
      this.#waiting.push({ id, operation, argument, bytes: carriedBytes + requestBytes, resolve, reject });
      this.#pump();
    });
  }

  /** Takes no more requests, completes those it has, and ends the thread. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const failed = this.#closed !== undefined;
    this.#closed ??= new StoreClosed();
    if (failed) return;
    const ended = new Promise<void>((resolve) => {
      this.#ended = resolve;
    });
    if (this.#isIdle()) this.#post({ kind: 'close' });
    await ended;
  }

  #isIdle(): boolean {
    return this.#waiting.length === 0 && this.#inFlight.size === 0;
  }

  #pump(): void {
    while (this.#waiting.length > 0) {
      const next = this.#waiting[0]!;
      const full =
        this.#inFlight.size >= inFlightRequests || this.#bytesInFlight + next.bytes > inFlightBytes;
      // One that is larger than the bound goes alone.
      if (full && this.#inFlight.size > 0) return;
      this.#waiting.shift();
      this.#inFlight.set(next.id, next);
      this.#bytesInFlight += next.bytes;
      // Once a turn of the event loop, after its input was handled: as many as possible share the message and the commit.
      if (this.#outbox.length === 0) setImmediate(() => this.#flushOutbox());
      const { id, operation, argument, bytes } = next;
      this.#outbox.push({ id, operation, argument, bytes });
    }
  }

  #flushOutbox(): void {
    const requests = this.#outbox;
    this.#outbox = [];
    if (this.#inFlight.size > 0) this.#post({ kind: 'requests', requests });
  }

  #post(message: ToWriter): void {
    this.#worker.postMessage(message);
  }

  #settle(answers: readonly WriteAnswer[]): void {
    for (const answer of answers) {
      const pending = this.#inFlight.get(answer.id);
      if (!pending) continue;
      this.#inFlight.delete(answer.id);
      this.#bytesInFlight -= pending.bytes;
      if (answer.kind === 'done') pending.resolve(answer.value as never);
      else pending.reject(answer.kind === 'lost' ? new OutcomeUnknown(answer.cause) : answer.cause);
    }
    this.#pump();
    if (this.#closing && this.#isIdle()) this.#post({ kind: 'close' });
  }

  #fail(cause: unknown): void {
    if (!this.#closed) {
      this.#closed = new StoreClosed(cause);
      this.#onFailure(cause);
    }
    for (const pending of this.#inFlight.values()) pending.reject(new OutcomeUnknown(cause));
    for (const pending of this.#waiting) pending.reject(this.#closed);
    this.#inFlight.clear();
    this.#waiting.length = 0;
  }
}
