import { type AddressInfo, createServer, type Socket } from 'node:net';
import { err, ok, type Result } from '../result.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { Connection, ConnectionClosed, type TlsSettings } from './connection.ts';
import type { Guest } from './guest.ts';
import type { OpenCounts } from './limits.ts';
import { limitKey, type NetworkList, printAddress } from './networks.ts';
import { readProxyHeader } from './proxy-protocol.ts';

/** How many may be connected; one for all listeners that share a limit. */
export interface ConnectionLimits {
  readonly counts: OpenCounts;
  /** Held to the total only, not to the limit per address. */
  readonly trusted: NetworkList;
  /** Balancers: their connections begin with a PROXY header that says whose they are. */
  readonly proxies?: NetworkList | undefined;
}

/** What serves one connection. */
export interface Served extends Guest {
  /** The connection is closed when this settles. A rejection other than ConnectionClosed is a fault, and logged. */
  run(): Promise<void>;
}

export interface ListenOptions<S extends Served> {
  /** For logs and metrics: imap, imaps, pop3 … */
  readonly service: string;
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** TLS from the first byte (RFC 8314 §3); without it the protocol may ask for `connection.startTls`. */
  readonly implicitTls?: TlsSettings;
  readonly limits: ConnectionLimits;
  readonly idleTimeoutMs: number;
  readonly writeTimeoutMs?: number;
  /** What a plain connection is told when it is one too many, with its line end. */
  readonly refusal?: string;
  /** Called for each connection as it comes; `run` follows after the handshake of implicit TLS, or never where that fails. */
  readonly serve: (connection: Connection) => S;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface Listener<S extends Guest = Guest> {
  readonly service: string;
  readonly host: string;
  readonly port: number;
  /** Whose connections are open now. */
  readonly guests: readonly S[];
  /** Stops accepting, asks all to leave, and after `graceMs` cuts who is still there. Resolves when all are gone. */
  close(graceMs: number): Promise<void>;
}

/** NATs and balancers forget in minutes; a probe each two finds those that are gone. */
const keepAliveMs = 120_000;
/** Connections that may wait for their PROXY header at once; each waits for seconds at most. */
const maxUnnamed = 4096;

const listenFailures: Record<string, string> = {
  EADDRINUSE: 'the port is in use',
  EACCES: 'not permitted (ports below 1024 need a privilege)',
  EADDRNOTAVAIL: 'the machine has no such address',
  ENOTFOUND: 'the host name is unknown',
};

function explain(cause: NodeJS.ErrnoException): string {
  return listenFailures[cause.code ?? ''] ?? cause.message;
}

/** Opens a TCP or TLS listener. The error is one line that says which listener cannot be opened and why. */
export async function listen<S extends Served>(
  options: ListenOptions<S>,
): Promise<Result<Listener<S>, string>> {
  const { service, log, metrics, limits } = options;
  const accepted = metrics.counter('restante_connections_total', 'Connections accepted', ['service']);
  const refused = metrics.counter('restante_connections_refused_total', 'Connections refused by a limit', [
    'service',
    'reason',
  ]);
  const openNow = metrics.gauge('restante_connections_open', 'Connections open', ['service']);
  const connections = new Map<Connection, S>();
  /** Connections of balancers that have not said yet whose they are. */
  const unnamed = new Set<Socket>();
  let whenEmpty: (() => void) | undefined;

  const serve = async (connection: Connection, served: S): Promise<void> => {
    const remote = connection.remoteAddress;
    try {
      if (options.implicitTls) await connection.startTls(options.implicitTls);
    } catch {
      return log.debug({ event: 'tls.handshakeFailed', service, remote });
    }
    try {
      await served.run();
      await connection.close();
    } catch (cause) {
      if (!(cause instanceof ConnectionClosed))
        log.error({ event: 'connection.fault', service, remote }, cause);
      connection.destroy();
    }
  };

  const accept = (socket: Socket): void => {
    const { remoteAddress } = socket;
    // Undefined where the client is gone already.
    if (remoteAddress === undefined) return void socket.destroy();
    if (!limits.proxies?.contains(remoteAddress)) {
      admit(socket, remoteAddress);
      return;
    }
    if (unnamed.size >= maxUnnamed) return void socket.destroy();
    unnamed.add(socket);
    void readProxyHeader(socket).then((client) => {
      unnamed.delete(socket);
      // Nobody's: a balancer that looks whether the port is open, or something that is none.
      if (client === undefined || client === 'bad') socket.destroy();
      else admit(socket, client);
    });
  };

  const admit = (socket: Socket, peer: string): void => {
    const remoteAddress = printAddress(peer);
    const key = limitKey(remoteAddress);
    const admission = limits.counts.open(key, limits.trusted.contains(remoteAddress));
    if (admission !== 'ok') {
      refused.add({ service, reason: admission });
      log.debug({ event: 'connection.refused', service, remote: remoteAddress, reason: admission });
      refuse(socket, options.implicitTls ? undefined : options.refusal);
      return;
    }
    accepted.add({ service });
    openNow.add({ service }, 1);
    const connection = new Connection(socket, {
      remoteAddress,
      idleTimeoutMs: options.idleTimeoutMs,
      writeTimeoutMs: options.writeTimeoutMs ?? 5 * 60_000,
      onClose() {
        limits.counts.close(key);
        openNow.add({ service }, -1);
        connections.delete(connection);
        if (connections.size === 0) whenEmpty?.();
      },
    });
    const served = options.serve(connection);
    connections.set(connection, served);
    void serve(connection, served);
  };

  // Half-open, so that a client that has said all it wants still gets its answers.
  const server = createServer(
    { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs },
    accept,
  );
  const opened = Promise.withResolvers<Result<void, string>>();
  server.once('error', (cause) =>
    opened.resolve(err(`${service}: cannot listen on ${options.host}:${options.port}: ${explain(cause)}`)),
  );
  server.listen({ host: options.host, port: options.port, backlog: 1024 }, () =>
    opened.resolve(ok(undefined)),
  );
  const outcome = await opened.promise;
  if (!outcome.ok) return outcome;
  server
    .removeAllListeners('error')
    .on('error', (cause) => log.error({ event: 'listener.fault', service }, cause));
  const { address: host, port } = server.address() as AddressInfo;
  log.info({ event: 'listener.up', service, host, port, tls: options.implicitTls ? 'implicit' : 'none' });

  const close = async (graceMs: number): Promise<void> => {
    const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const guest of connections.values()) guest.leave('restart');
    for (const socket of unnamed) socket.destroy();
    let cut = 0;
    if (connections.size > 0) {
      const timer = setTimeout(() => {
        cut = connections.size;
        for (const guest of connections.values()) guest.cut();
      }, graceMs);
      await new Promise<void>((resolve) => {
        whenEmpty = resolve;
      });
      clearTimeout(timer);
    }
    await stopped;
    log.info({ event: 'listener.closed', service, cut });
  };
  let closing: Promise<void> | undefined;
  return ok({
    service,
    host,
    port,
    get guests() {
      return [...connections.values()];
    },
    close: (graceMs) => (closing ??= close(graceMs)),
  });
}

/** Says why and cuts, without reading: a flood must cost less than it does the sender. */
function refuse(socket: Socket, text: string | undefined): void {
  socket.on('error', () => {});
  if (text === undefined) socket.destroy();
  else socket.end(text, () => socket.destroy());
}
