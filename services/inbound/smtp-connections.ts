import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { SecureContext, TLSSocket } from 'node:tls';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { SMTPConnection, type SMTPConnectionOptions } from 'smtp-server/lib/smtp-connection.js';
import { type Farewell, type Guest, graver, isSignInEnd } from '../../shared/net/guest.ts';
import { type NetworkList, printAddress } from '../../shared/net/networks.ts';
import { readProxyHeader } from '../../shared/net/proxy-protocol.ts';

export type TlsSource = { readonly secureContext: SecureContext };

const ownCode = /^[245]\.\d{1,3}\.\d{1,3} /;

/** What is said to a client that is let go (RFC 5321 §3.8). */
const goodbyes: Readonly<Record<Farewell, string>> = {
  restart: '4.3.2 The server is going down, please come again',
  restartNow: '4.3.2 The server is going down, please come again',
  credentialsChanged: '4.7.0 The password that you signed in with does not hold any more',
  suspended: '4.7.0 This account is suspended',
  protocolOff: '4.7.0 Sending is switched off for this account',
  removed: '4.7.0 This account was removed',
};

class SmtpConnection extends SMTPConnection implements Guest {
  #farewell: Farewell | undefined;
  /** Holds replies back. */
  #corked: Socket | undefined;
  readonly #closed: () => void;

  /** `closed`: called once, when the connection is no more. */
  constructor(
    ...[server, socket, options, closed]: [...ConstructorParameters<typeof SMTPConnection>, () => void]
  ) {
    super(server, socket, options);
    this.#closed = closed;
  }

  /** Of the socket itself, or of the one for TLS that STARTTLS has put in its place, with listeners of its own. */
  override _onClose(): void {
    super._onClose();
    this.#closed();
  }

  /**
   * Replies that bring their own enhanced code (RFC 2034) are sent with that one, not with smtp-server's guess from the basic code. Those to
   * commands that came together, as PIPELINING has it, go together; what may be the last word before TLS or the end waits for nothing.
   */
  override send(code: number, data?: string | string[], context?: string | false): void {
    if (code !== 250 && code !== 354) this.#uncork();
    else if (this.#corked === undefined) {
      this.#corked = this._socket;
      this.#corked.cork();
      setImmediate(() => this.#uncork());
    }
    super.send(code, data, typeof data === 'string' && ownCode.test(data) ? false : context);
  }

  #uncork(): void {
    this.#corked?.uncork();
    this.#corked = undefined;
  }

  leave(why: Farewell): void {
    this.#farewell = graver(this.#farewell, why);
    this.#sayGoodbye();
  }

  cut(): void {
    this._socket.destroy();
  }

  /** A command has been answered. */
  override _whenWritable(next: () => void): void {
    super._whenWritable(() => {
      next();
      this.#sayGoodbye();
    });
  }

  /** A message has been answered, among others. */
  override _resetSession(): void {
    super._resetSession();
    setImmediate(() => this.#sayGoodbye());
  }

  /** Not between a command and its answer, and not within a message; between the commands that lead to one, where the sender may not go on. */
  #sayGoodbye(): void {
    const why = this.#farewell;
    if (why === undefined || this._closing || this._closed || this._handlerPending || this._dataStream)
      return;
    if (!isSignInEnd(why) && this.session.envelope?.mailFrom) return;
    this.send(421, goodbyes[why]);
  }
}

/** The context of the moment in which TLS begins, whatever the name asked for: a reloaded certificate counts at once. */
class LiveContexts extends Map<string, SecureContext> {
  readonly #tls: TlsSource;

  constructor(tls: TlsSource) {
    super();
    this.#tls = tls;
  }

  override get(_name: string): SecureContext {
    return this.#tls.secureContext;
  }
}

/** How long the handshake may take where TLS is there from the first byte. */
const handshakeTimeoutMs = 30_000;

export class SmtpConnections extends SMTPServer {
  readonly #proxies: NetworkList | undefined;
  readonly #admit: (address: string) => (() => void) | undefined;
  /** Connections of balancers that have not said yet whose they are. */
  readonly #unnamed = new Set<Socket>();
  /** Those too that have been told goodbye and have not closed yet. */
  readonly #open = new Map<string, SmtpConnection>();

  /**
   * `admit` is asked before the handshake of TLS from the first byte, for a connection takes room from there on; what it returns is called when
   * that is no more. Undefined: it is one too many.
   */
  constructor(
    options: SMTPServerOptions,
    proxies: NetworkList | undefined,
    admit: (address: string) => (() => void) | undefined,
  ) {
    super(options);
    this.#proxies = proxies;
    this.#admit = admit;
  }

  override _handleProxy(...[socket, callback]: Parameters<SMTPServer['_handleProxy']>): void {
    this.#name(socket, (failure, client) => {
      if (failure || !this.options.secure) return callback(failure, client);
      const address = client?.remoteAddress ?? socket.remoteAddress;
      // Undefined where the client is gone already.
      const leave = socket.destroyed || address === undefined ? undefined : this.#admit(address);
      if (leave) {
        socket.once('close', leave);
        return callback(null, client);
      }
      socket.on('error', () => {}).destroy();
      callback(new Error('not admitted'));
    });
  }

  /** smtp-server reads version 1 of the PROXY protocol; balancers of AWS speak version 2. */
  #name(...[socket, callback]: Parameters<SMTPServer['_handleProxy']>): void {
    if (socket.remoteAddress === undefined || !this.#proxies?.contains(socket.remoteAddress)) {
      super._handleProxy(socket, callback);
      return;
    }
    this.#unnamed.add(socket);
    void readProxyHeader(socket).then((client) => {
      this.#unnamed.delete(socket);
      if (client !== undefined && client !== 'bad')
        return callback(null, { id: randomBytes(8).toString('hex'), remoteAddress: printAddress(client) });
      socket.destroy();
      callback(new Error('no PROXY header'));
    });
  }

  /** smtp-server gives it as long as a session may be silent, and again after each octet. */
  override _upgrade(...[socket, callback]: Parameters<SMTPServer['_upgrade']>): void {
    // The topmost one: to tear it down from below in the middle of a handshake crashes Node.
    const cut = () => this._pendingSockets.get(socket)?.destroy();
    const timer = setTimeout(cut, handshakeTimeoutMs);
    super._upgrade(socket, (failure, secured) => {
      clearTimeout(timer);
      callback(failure, secured);
    });
  }

  override connect(socket: TLSSocket, options?: SMTPConnectionOptions | null): void {
    const connection: SmtpConnection = new SmtpConnection(this, socket, options, () =>
      this.#open.delete(connection.id),
    );
    this.connections.add(connection);
    this.#open.set(connection.id, connection);
    connection.on('error', (cause) => this.emit('error', cause));
    connection.init();
  }

  useContexts(tls: TlsSource): void {
    this.secureContext = new LiveContexts(tls);
  }

  get guests(): readonly SmtpConnection[] {
    return [...this.#open.values()];
  }

  guest(id: string): Guest | undefined {
    return this.#open.get(id);
  }

  /**
   * Stops listening, asks all to leave, and cuts after `graceMs` who is still there; resolves to how many that were. smtp-server's own way
   * refuses the next command of a transaction that has begun.
   */
  async end(graceMs: number): Promise<number> {
    const ended = new Promise<void>((resolve) => this.server.close(() => resolve()));
    // Those that have no session yet: before the end of a handshake, or of a PROXY header.
    for (const socket of [...this._pendingSockets.values(), ...this.#unnamed]) socket.destroy();
    for (const guest of this.guests) guest.leave('restart');
    let left = 0;
    const timer = setTimeout(() => {
      left = this.#open.size;
      for (const guest of this.guests) guest.cut();
    }, graceMs);
    await ended;
    clearTimeout(timer);
    return left;
  }
}
