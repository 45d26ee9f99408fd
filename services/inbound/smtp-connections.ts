import { randomBytes } from 'node:crypto';
import type { SecureContext, TLSSocket } from 'node:tls';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { SMTPConnection, type SMTPConnectionOptions } from 'smtp-server/lib/smtp-connection.js';
import { type NetworkList, printAddress } from '../../shared/net/networks.ts';
import { readProxyHeader } from '../../shared/net/proxy-protocol.ts';

export type TlsSource = { readonly secureContext: SecureContext };

const ownCode = /^[245]\.\d{1,3}\.\d{1,3} /;

/** Replies that bring their own enhanced code (RFC 2034) are sent with that one, not with smtp-server's guess from the basic code. */
class CodedConnection extends SMTPConnection {
  override send(code: number, data?: string | string[], context?: string | false): void {
    super.send(code, data, typeof data === 'string' && ownCode.test(data) ? false : context);
  }

  /** Nothing is being sent or decided: it may be told goodbye. */
  get idle(): boolean {
    return !this.session.envelope?.mailFrom;
  }

  destroy(): void {
    this._socket.destroy();
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

export class SmtpConnections extends SMTPServer {
  readonly #proxies: NetworkList | undefined;

  constructor(options: SMTPServerOptions, proxies: NetworkList | undefined) {
    super(options);
    this.#proxies = proxies;
  }

  /** smtp-server reads version 1 of the PROXY protocol; balancers of AWS speak version 2. */
  override _handleProxy(...[socket, callback]: Parameters<SMTPServer['_handleProxy']>): void {
    if (socket.remoteAddress === undefined || !this.#proxies?.contains(socket.remoteAddress)) {
      super._handleProxy(socket, callback);
      return;
    }
    void readProxyHeader(socket).then((client) => {
      if (client !== undefined && client !== 'bad')
        return callback(null, { id: randomBytes(8).toString('hex'), remoteAddress: printAddress(client) });
      socket.destroy();
      callback(new Error('no PROXY header'));
    });
  }

  override connect(socket: TLSSocket, options?: SMTPConnectionOptions | null): void {
    const connection = new CodedConnection(this, socket, options);
    this.connections.add(connection);
    connection.on('error', (cause) => this.emit('error', cause));
    connection.init();
  }

  useContexts(tls: TlsSource): void {
    this.secureContext = new LiveContexts(tls);
  }

  sayGoodbye(): void {
    for (const connection of this.connections)
      if ((connection as CodedConnection).idle)
        connection.send(421, '4.3.2 The server is going down, please come again');
  }

  cut(): number {
    const left = this.connections.size;
    for (const connection of this.connections) (connection as CodedConnection).destroy();
    return left;
  }
}
