import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { SecureContext, TLSSocket } from 'node:tls';
import {
  SMTPServer,
  type SMTPServerDataStream,
  type SMTPServerOptions,
  type SMTPServerSession,
} from 'smtp-server';
import { SMTPConnection, type SMTPConnectionOptions } from 'smtp-server/lib/smtp-connection.js';
import type { ConnectionLimits } from '../../shared/net/listener.ts';
import { limitKey, type NetworkList, printAddress } from '../../shared/net/networks.ts';
import { readProxyHeader } from '../../shared/net/proxy-protocol.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { Log } from '../../shared/telemetry/log.ts';
import type { Metrics } from '../../shared/telemetry/metrics.ts';
import { SmtpReply, tryLater } from './smtp-reply.ts';

type Callback = (err?: Error | null) => void;
export type TlsSource = { readonly secureContext: SecureContext };

/** What is said to a client, in smtp-server's callbacks but as promises: a refusal is a value, a rejection a fault of ours. */
export interface SmtpHandlers {
  connected?(session: SMTPServerSession): SmtpReply | undefined;
  secured?(session: SMTPServerSession): void;
  mailFrom(
    session: SMTPServerSession,
    args: Parameters<NonNullable<SMTPServerOptions['onMailFrom']>>[0],
  ): Promise<SmtpReply | undefined>;
  rcptTo(
    session: SMTPServerSession,
    args: Parameters<NonNullable<SMTPServerOptions['onRcptTo']>>[0],
  ): Promise<SmtpReply | undefined>;
  /** The message. Undefined for 250; LMTP gives one for each recipient. The stream is read to its end, or read over. */
  data(
    stream: SMTPServerDataStream,
    session: SMTPServerSession,
  ): Promise<SmtpReply | undefined | readonly (SmtpReply | undefined)[]>;
  closed(session: SMTPServerSession): void;
}

export interface SmtpListenOptions {
  /** For logs and metrics: smtp, lmtp, submission, submissions. */
  readonly service: string;
  readonly host: string;
  readonly port: number;
  readonly tls: TlsSource | undefined;
  readonly limits: ConnectionLimits;
  readonly handlers: SmtpHandlers;
  /** `secure` for TLS from the first byte; size, timeouts, authentication, onData. */
  readonly server: SMTPServerOptions;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface SmtpListener {
  readonly service: string;
  readonly host: string;
  readonly port: number;
  readonly connections: number;
  /** Stops listening, lets transactions that are under way finish, and after `graceMs` cuts who is still there. */
  close(graceMs: number): Promise<void>;
}

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

class Server extends SMTPServer {
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

const delivered = '2.0.0 Delivered';

const isList = (
  reply: SmtpReply | undefined | readonly (SmtpReply | undefined)[],
): reply is readonly (SmtpReply | undefined)[] => Array.isArray(reply);

/** Reads over what is left of a message, so that the answer comes where the client waits for it. */
export function skip(stream: SMTPServerDataStream): void {
  if (!stream.readableEnded && !stream.destroyed) stream.resume();
}

/** Commands of smtp-server that nobody needs here; behind a proxy the address comes by other ways. */
export const disabledCommands = (offerTls: boolean): string[] => [
  ...['XCLIENT', 'XFORWARD', 'WIZ', 'SHELL'],
  ...(offerTls ? [] : ['STARTTLS']),
];

/** Opens a listener. The error is one line that says which cannot be opened and why. */
export async function openSmtpListener(options: SmtpListenOptions): Promise<Result<SmtpListener, string>> {
  const { service, handlers, limits, log, metrics, tls } = options;
  const accepted = metrics.counter('restante_connections_total', 'Connections accepted', ['service']);
  const refused = metrics.counter('restante_connections_refused_total', 'Connections refused by a limit', [
    'service',
    'reason',
  ]);
  const openNow = metrics.gauge('restante_connections_open', 'Connections open', ['service']);
  const counted = new Map<string, { readonly key: string; readonly startedAt: number }>();
  const underWay = new Set<Promise<unknown>>();

  /** Runs a handler and answers; what it throws is a fault of ours, logged, and a matter for later to the client. */
  const answer = (remote: string, work: Promise<SmtpReply | undefined>, callback: Callback): void => {
    const done = work.then(
      (reply) => {
        if (reply !== undefined)
          log.debug({ event: 'smtp.refused', protocol: service, remote, code: reply.enhancedCode });
        callback(reply ?? null);
      },
      (cause) => {
        log.error({ event: 'connection.fault', service, remote }, cause);
        callback(tryLater());
      },
    );
    underWay.add(done);
    void done.finally(() => underWay.delete(done));
  };

  const connected = (session: SMTPServerSession): SmtpReply | undefined => {
    const remote = printAddress(session.remoteAddress);
    const key = limitKey(remote);
    const admission = limits.counts.open(key, limits.trusted.contains(remote));
    if (admission !== 'ok') {
      refused.add({ service, reason: admission });
      log.debug({ event: 'connection.refused', service, remote, reason: admission });
      return new SmtpReply(421, '4.7.0', 'Too many connections, please try again later');
    }
    counted.set(session.id, { key, startedAt: Date.now() });
    accepted.add({ service });
    openNow.add({ service }, 1);
    return handlers.connected?.(session);
  };

  const server = new Server(
    {
      // No names are looked up: what the client says and where it comes from stands in the trace fields.
      disableReverseLookup: true,
      hideENHANCEDSTATUSCODES: false,
      heloResponse: '%s',
      // Addresses are judged by the directory's own rules.
      lenientAddressParsing: true,
      maxCommandLength: 8192,
      logger: false,
      ...options.server,
      disabledCommands: [...disabledCommands(tls !== undefined), ...(options.server.disabledCommands ?? [])],
      onConnect: (session, callback) =>
        answer(session.remoteAddress, Promise.resolve(connected(session)), callback),
      onSecure(_socket, session, callback) {
        handlers.secured?.(session);
        callback();
      },
      onMailFrom: (address, session, callback) =>
        answer(session.remoteAddress, handlers.mailFrom(session, address), callback),
      onRcptTo: (address, session, callback) =>
        answer(session.remoteAddress, handlers.rcptTo(session, address), callback),
      onData(stream, session, callback) {
        const taken = handlers.data(stream, session).then(
          (reply) => {
            if (isList(reply))
              callback(
                null,
                reply.map((one) => one ?? delivered),
              );
            else if (reply === undefined) callback(null, delivered);
            else callback(reply);
          },
          (cause) => {
            // A connection that broke in the middle of its message is nobody's fault here.
            if (!stream.destroyed)
              log.error({ event: 'connection.fault', service, remote: session.remoteAddress }, cause);
            skip(stream);
            callback(tryLater());
          },
        );
        underWay.add(taken);
        void taken.finally(() => underWay.delete(taken));
      },
      onClose(session) {
        const known = counted.get(session.id);
        handlers.closed(session);
        if (known === undefined) return;
        counted.delete(session.id);
        limits.counts.close(known.key);
        openNow.add({ service }, -1);
        log.info({
          event: 'smtp.session',
          protocol: service,
          remote: session.remoteAddress,
          secure: session.secure,
          ms: Date.now() - known.startedAt,
        });
      },
    },
    limits.proxies,
  );
  if (tls !== undefined) server.useContexts(tls);

  const opened = Promise.withResolvers<Result<void, string>>();
  server.once('error', (cause: NodeJS.ErrnoException) => {
    const reason = cause.code === 'EADDRINUSE' ? 'the port is in use' : cause.message;
    opened.resolve(err(`${service}: cannot listen on ${options.host}:${options.port}: ${reason}`));
  });
  server.listen(options.port, options.host, () => opened.resolve(ok(undefined)));
  const outcome = await opened.promise;
  if (!outcome.ok) return outcome;
  // From here on: broken connections and failed handshakes, nobody's fault here.
  server.removeAllListeners('error').on('error', () => {
    log.debug({ event: 'listener.fault', service });
  });
  const { address: host, port } = server.server.address() as AddressInfo;
  log.info({ event: 'listener.up', service, host, port, tls: options.server.secure ? 'implicit' : 'none' });

  const close = async (graceMs: number): Promise<void> => {
    log.info({ event: 'listener.draining', service, connections: server.connections.size });
    server.options.closeTimeout = Math.max(1, graceMs);
    let cut = 0;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.sayGoodbye();
    const timer = setTimeout(() => {
      cut = server.cut();
    }, graceMs);
    await closed;
    clearTimeout(timer);
    cut += server.cut();
    await Promise.all(underWay);
    log.info({ event: 'listener.closed', service, cut });
  };
  let closing: Promise<void> | undefined;
  return ok({
    service,
    host,
    port,
    get connections() {
      return server.connections.size;
    },
    close: (graceMs) => (closing ??= close(graceMs)),
  });
}
