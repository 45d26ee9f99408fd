import { type Connection, ConnectionClosed, type ReadOutcome } from '../../shared/net/connection.ts';
import type { Owner, Scheduler } from './scheduler.ts';

type ServerSide = Pick<
  Connection,
  | 'remoteAddress'
  | 'secure'
  | 'received'
  | 'sent'
  | 'read'
  | 'write'
  | 'setIdleTimeout'
  | 'startTls'
  | 'destroy'
>;

/** What a client sees of its connection. */
export interface ClientSide {
  /** Octets from the server, as they come. */
  onData: (bytes: Uint8Array) => void;
  onEnd: () => void;
  send(text: string): void;
  /** Breaks the connection; what is under way in either direction is lost. */
  cut(): void;
}

/** A connection between a client and a node, without a network's bytes being real. */
export class Wire implements ServerSide, ClientSide {
  readonly remoteAddress = '192.0.2.1';
  readonly secure = true;
  received = 0;
  sent = 0;
  onData: (bytes: Uint8Array) => void = () => undefined;
  onEnd: () => void = () => undefined;
  readonly #scheduler: Scheduler;
  readonly #server: Owner;
  readonly #client: Owner;
  #open = true;
  #chunks: Uint8Array[] = [];
  #reader: PromiseWithResolvers<ReadOutcome> | undefined;
  #idleMs = 60_000;
  #stopIdle: () => void = () => undefined;

  constructor(scheduler: Scheduler, server: Owner, client: Owner) {
    this.#scheduler = scheduler;
    this.#server = server;
    this.#client = client;
  }

  get isOpen(): boolean {
    return this.#open && this.#server.alive;
  }

  /** The same, for what takes a connection of the product. */
  get asConnection(): Connection {
    return this as unknown as Connection;
  }

  read(): Promise<ReadOutcome> {
    if (this.#reader !== undefined) return this.#reader.promise;
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) return Promise.resolve(chunk);
    if (!this.#open) return Promise.resolve('end');
    this.#reader = Promise.withResolvers();
    this.#stopIdle = this.#scheduler.after(this.#idleMs, () => this.#give('idle'), this.#server);
    return this.#reader.promise;
  }

  setIdleTimeout(ms: number): void {
    this.#idleMs = ms;
  }

  write(bytes: Uint8Array | string): Promise<void> {
    if (!this.#open) return Promise.reject(new ConnectionClosed('closed'));
    const copy = Buffer.from(bytes as Uint8Array);
    this.sent += copy.length;
    // The same delay for all, so that order is kept.
    this.#scheduler.after(1, () => this.#open && this.onData(copy), this.#client);
    return Promise.resolve();
  }

  startTls(): Promise<void> {
    return Promise.reject(new Error('the connection is secure already'));
  }

  send(text: string): void {
    const bytes = Buffer.from(text, 'latin1');
    this.#scheduler.after(
      1,
      () => {
        if (!this.#open) return;
        this.received += bytes.length;
        if (!this.#give(bytes)) this.#chunks.push(bytes);
      },
      this.#server,
    );
  }

  cut(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#scheduler.after(1, () => this.#give('end'), this.#server);
    this.#scheduler.after(1, () => this.onEnd(), this.#client);
  }

  /** The server breaks it, since it cannot say what is due. */
  destroy(): void {
    this.cut();
  }

  /** The server has said all: what it wrote still arrives. */
  end(): void {
    this.#scheduler.after(1, () => this.cut(), this.#server);
  }

  /** The server is gone: its client learns of it. */
  broken(): this {
    this.cut();
    return this;
  }

  #give(outcome: ReadOutcome): boolean {
    const reader = this.#reader;
    if (reader === undefined) return false;
    this.#reader = undefined;
    this.#stopIdle();
    reader.resolve(outcome);
    return true;
  }
}
