import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';

/** Why a connection is gone. 'reset' is any error of the network, 'stuck' a client that did not read for too long. */
export type CloseReason = 'closed' | 'reset' | 'stuck' | 'handshake' | 'cut';

/** Thrown where a broken connection stops what was going on; nobody is at fault and nobody is to be answered. */
export class ConnectionClosed extends Error {
  readonly reason: CloseReason;

  constructor(reason: CloseReason) {
    super(`the connection is gone (${reason})`);
    this.name = 'ConnectionClosed';
    this.reason = reason;
  }
}

/** Bytes from the client; 'end' once it has sent its last; 'idle' where it sent nothing for the idle timeout. */
export type ReadOutcome = Uint8Array | 'end' | 'idle';

/** What a server side of TLS is made of. The context is asked for at each handshake, so a reload counts from then on. */
export interface TlsSettings {
  readonly context: { readonly secureContext: SecureContext };
  /** RFC 7301 names, as registered: imap, pop3. A client that offers only others is refused; offering none is fine. */
  readonly alpn: readonly string[];
  readonly handshakeTimeoutMs: number;
}

export interface ConnectionOptions {
  /** Passed as a value: behind a balancer it is not the socket's. */
  readonly remoteAddress: string;
  readonly idleTimeoutMs: number;
  /** How long a write may wait for the client to read, on top of a millisecond per byte. */
  readonly writeTimeoutMs: number;
  readonly onClose: () => void;
}

/** Received bytes that wait for `read` before the socket is paused. */
const readAheadBytes = 64 * 1024;
/** What a received chunk counts at least, so that many tiny packets cannot hold many times their bytes. */
const leastChunkCost = 512;

/**
 * One client's connection, plain or TLS, read and written at the client's pace. Holds no buffer while idle.
 * Reads and writes are independent; there is one reader, and writes keep the order in which they were called.
 */
export class Connection {
  readonly remoteAddress: string;
  readonly #options: ConnectionOptions;
  #socket: Socket;
  #chunks: Uint8Array[] = [];
  #waiting = 0;
  #paused = false;
  #state: 'open' | 'ended' | 'closing' | 'gone' = 'open';
  #reason: CloseReason = 'closed';
  #reader: PromiseWithResolvers<ReadOutcome> | undefined;
  #writer: PromiseWithResolvers<void> | undefined;
  #end: PromiseWithResolvers<void> | undefined;
  #closed: AbortController | undefined;
  #idleMs: number;
  #idleTimer: NodeJS.Timeout | undefined;
  /** What that timer was made with. */
  #timerMs = 0;
  #received = 0;
  #sent = 0;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.remoteAddress = options.remoteAddress;
    this.#idleMs = options.idleTimeoutMs;
    this.#attach();
  }

  get secure(): boolean {
    return this.#socket instanceof TLSSocket;
  }

  /** The TLS version and cipher, for trace headers and logs. */
  get cipher(): { readonly version: string; readonly name: string } | undefined {
    if (!(this.#socket instanceof TLSSocket) || this.#state === 'gone') return undefined;
    return { version: this.#socket.getProtocol() ?? '', name: this.#socket.getCipher()?.name ?? '' };
  }

  /** Bytes of the protocol received and sent, without TLS's own. */
  get received(): number {
    return this.#received;
  }

  get sent(): number {
    return this.#sent;
  }

  /** Aborts, with a ConnectionClosed, when the connection is gone. Made when first asked for. */
  get closed(): AbortSignal {
    this.#closed ??= new AbortController();
    if (this.#state === 'gone' && !this.#closed.signal.aborted)
      this.#closed.abort(new ConnectionClosed(this.#reason));
    return this.#closed.signal;
  }

  /** How long `read` waits before it answers 'idle', from now on and for a read that is already waiting. */
  setIdleTimeout(ms: number): void {
    this.#idleMs = ms;
    if (this.#reader) this.renewIdle();
  }

  /** Starts the idle timeout anew for a read that is waiting. */
  renewIdle(): void {
    if (this.#idleTimer && this.#timerMs === this.#idleMs) {
      this.#idleTimer.refresh();
      return;
    }
    clearTimeout(this.#idleTimer);
    this.#timerMs = this.#idleMs;
    this.#idleTimer = setTimeout(() => this.#answer('idle'), this.#idleMs).unref();
  }

  /**
   * The next bytes. Never rejects: a broken connection reads as 'end'. While one read waits, another call gives the same
   * promise, so that a loop may race it against other news as often as it likes.
   */
  read(): Promise<ReadOutcome> {
    if (this.#reader) return this.#reader.promise;
    const chunk = this.#chunks.shift();
    if (chunk) {
      this.#waiting -= Math.max(chunk.byteLength, leastChunkCost);
      if (this.#paused && this.#chunks.length === 0) {
        this.#paused = false;
        this.#socket.resume();
      }
      return Promise.resolve(chunk);
    }
    if (this.#state !== 'open') return Promise.resolve('end');
    this.#reader = Promise.withResolvers();
    this.renewIdle();
    return this.#reader.promise;
  }

  /**
   * Writes in one piece and resolves when the client has taken enough for more to be welcome. Rejects with ConnectionClosed when the
   * connection is gone or the client does not read. Callers send large bodies in chunks of 64 KB or so. `handedOver` is called once the
   * octets are the system's, and their memory can be used again.
   */
  write(bytes: Uint8Array | string, handedOver?: () => void): Promise<void> {
    if (this.#state === 'gone' || this.#state === 'closing')
      return Promise.reject(new ConnectionClosed(this.#reason));
    const size = typeof bytes === 'string' ? Buffer.byteLength(bytes) : bytes.byteLength;
    this.#sent += size;
    let pending = handedOver;
    const done = (fault?: unknown) => {
      if (!fault) pending?.();
      pending = undefined;
    };
    const welcome = this.#socket.write(bytes, done);
    // What the system took at once is told of at once, not after the caller's turn.
    if (this.#socket.writableLength === 0) done();
    return welcome ? Promise.resolve() : this.#drained(size);
  }

  /**
   * Becomes TLS in place. `goAhead`, the plain answer to STARTTLS or STLS, is sent first; everything the client sent in plain
   * before it is discarded, so that nothing injected there is taken for the client's own (RFC 9051 §6.2.1, RFC 2595 §4). A
   * parser must forget what it holds, too. Rejects with ConnectionClosed where the handshake fails.
   */
  async startTls(settings: TlsSettings, goAhead?: Uint8Array | string): Promise<void> {
    if (this.#state === 'gone' || this.#state === 'closing') throw new ConnectionClosed(this.#reason);
    if (this.secure) throw new Error('the connection is secure already');
    const plain = this.#socket;
    this.#detach(plain);
    plain.pause();
    this.#chunks = [];
    this.#waiting = 0;
    this.#paused = false;
    if (goAhead !== undefined) {
      // Sent in plain, to be taken for encrypted. Where TLS begins with the first byte, these are its first bytes.
      while (plain.read() !== null);
      plain.write(goAhead);
    }
    const socket = new TLSSocket(plain, {
      isServer: true,
      secureContext: settings.context.secureContext,
      ALPNProtocols: [...settings.alpn],
    });
    this.#socket = socket;
    this.#attach();
    const done = Promise.withResolvers<void>();
    let stage: CloseReason = 'handshake';
    const failed = () => done.reject(new ConnectionClosed('handshake'));
    // A TLSSocket without a tls.Server says by this event what is wrong, before and after the handshake.
    const broken = () => this.destroy(stage);
    // Half-open suits mail, not a handshake: a client that has left in the middle of it is not waited for.
    socket.once('secure', done.resolve).once('close', failed).once('end', broken).on('_tlsError', broken);
    const timer = setTimeout(broken, settings.handshakeTimeoutMs).unref();
    try {
      await done.promise;
      stage = 'reset';
    } finally {
      clearTimeout(timer);
      socket.off('close', failed).off('end', broken);
    }
  }

  /**
   * Sends what is still to be sent, says goodbye to the socket, and waits until the client has closed too, or `graceMs` has passed.
   * What the client sends meanwhile is dropped.
   */
  close(graceMs = 10_000): Promise<void> {
    if (this.#state === 'gone') return Promise.resolve();
    if (this.#end) return this.#end.promise;
    this.#end = Promise.withResolvers();
    this.#state = 'closing';
    this.#chunks = [];
    this.#answer('end');
    const timer = setTimeout(() => this.destroy('closed'), graceMs).unref();
    this.#socket.once('close', () => clearTimeout(timer));
    this.#socket.end();
    // Unread input would make the kernel answer with a reset, which may overtake our last words.
    this.#socket.resume();
    return this.#end.promise;
  }

  /** Cuts the connection at once. */
  destroy(reason: CloseReason = 'cut'): void {
    if (this.#state === 'gone') return;
    if (this.#reason === 'closed') this.#reason = reason;
    this.#socket.destroy();
  }

  readonly #onData = (chunk: Uint8Array): void => {
    if (this.#state === 'closing') return;
    this.#received += chunk.byteLength;
    if (this.#answer(chunk)) return;
    this.#chunks.push(chunk);
    this.#waiting += Math.max(chunk.byteLength, leastChunkCost);
    if (this.#waiting < readAheadBytes || this.#paused) return;
    this.#paused = true;
    this.#socket.pause();
  };

  readonly #onEnd = (): void => {
    if (this.#state === 'open') this.#state = 'ended';
    this.#answer('end');
  };

  readonly #onError = (): void => {
    if (this.#reason === 'closed') this.#reason = 'reset';
    // After a TLS error the socket does not always close by itself.
    this.#socket.destroy();
  };

  readonly #onClose = (): void => {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    clearTimeout(this.#idleTimer);
    this.#answer('end');
    this.#writer?.reject(new ConnectionClosed(this.#reason));
    this.#writer = undefined;
    this.#end?.resolve();
    this.#closed?.abort(new ConnectionClosed(this.#reason));
    this.#options.onClose();
  };

  #attach(): void {
    this.#socket
      .on('data', this.#onData)
      .on('end', this.#onEnd)
      .on('error', this.#onError)
      .on('close', this.#onClose);
  }

  /** The error listener stays: the plain socket below TLS may still report what nobody else hears. */
  #detach(socket: Socket): void {
    socket.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose);
  }

  /** Hands the outcome to the waiting reader; false where there is none. */
  #answer(outcome: ReadOutcome): boolean {
    const reader = this.#reader;
    if (reader === undefined) return false;
    this.#reader = undefined;
    reader.resolve(outcome);
    return true;
  }

  /** All writers that wait share one promise: there is one buffer, and it is empty for all of them at once. */
  #drained(size: number): Promise<void> {
    if (this.#writer) return this.#writer.promise;
    const writer = Promise.withResolvers<void>();
    this.#writer = writer;
    const timer = setTimeout(() => this.destroy('stuck'), this.#options.writeTimeoutMs + size).unref();
    this.#socket.once('drain', () => {
      this.#writer = undefined;
      writer.resolve();
    });
    return writer.promise.finally(() => clearTimeout(timer));
  }
}
