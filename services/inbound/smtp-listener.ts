import type { AddressInfo } from 'node:net';
import type { SMTPServerOptions, SMTPServerSession } from 'smtp-server';
import type { Guest } from '../../shared/net/guest.ts';
import type { ConnectionLimits } from '../../shared/net/listener.ts';
import { limitKey, printAddress } from '../../shared/net/networks.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { Log } from '../../shared/telemetry/log.ts';
import type { Metrics } from '../../shared/telemetry/metrics.ts';
import { watchPace } from './message-pace.ts';
import { SmtpConnections, type TlsSource } from './smtp-connections.ts';
import { type SmtpHandlers, skip } from './smtp-handlers.ts';
import { SmtpReply, tryLater } from './smtp-reply.ts';

type Callback = (err?: Error | null) => void;
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
  /** Whose connections are open now. */
  readonly guests: readonly Guest[];
  /** Whose session has that id. */
  guest(id: string): Guest | undefined;
  /** Stops listening, lets transactions that are under way finish, and after `graceMs` cuts who is still there. */
  close(graceMs: number): Promise<void>;
}

const delivered = '2.0.0 Delivered';

const isList = (
  reply: SmtpReply | undefined | readonly (SmtpReply | undefined)[],
): reply is readonly (SmtpReply | undefined)[] => Array.isArray(reply);

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
  const counted = new Map<string, { readonly leave: () => void; readonly startedAt: number }>();
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

  const { maxRecipients = 100 } = options.server;
  /** Accepted in the transaction that is under way: smtp-server counts one that repeats another once, and there may be any number of those. */
  const recipients = new WeakMap<SMTPServerSession, number>();
  const recipient = async (
    session: SMTPServerSession,
    address: Parameters<SmtpHandlers['rcptTo']>[1],
  ): Promise<SmtpReply | undefined> => {
    const accepted = recipients.get(session) ?? 0;
    if (accepted >= maxRecipients) return new SmtpReply(452, '4.5.3', 'Too many recipients');
    const refusal = await handlers.rcptTo(session, address);
    if (refusal === undefined) recipients.set(session, accepted + 1);
    return refusal;
  };

  /** Counts a connection; what it returns takes it out again. Undefined where it is one too many. */
  const admit = (address: string): (() => void) | undefined => {
    const remote = printAddress(address);
    const key = limitKey(remote);
    const admission = limits.counts.open(key, limits.trusted.contains(remote));
    if (admission === 'ok') return () => limits.counts.close(key);
    refused.add({ service, reason: admission });
    log.debug({ event: 'connection.refused', service, remote, reason: admission });
    return undefined;
  };

  const connected = (session: SMTPServerSession): SmtpReply | undefined => {
    // With TLS from the first byte, it was admitted before the handshake.
    const leave = options.server.secure ? () => {} : admit(session.remoteAddress);
    if (leave === undefined)
      return new SmtpReply(421, '4.7.0', 'Too many connections, please try again later');
    counted.set(session.id, { leave, startedAt: Date.now() });
    accepted.add({ service });
    openNow.add({ service }, 1);
    return handlers.connected?.(session);
  };

  const server = new SmtpConnections(
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
      onMailFrom: (address, session, callback) => {
        recipients.delete(session);
        answer(session.remoteAddress, handlers.mailFrom(session, address), callback);
      },
      onRcptTo: (address, session, callback) =>
        answer(session.remoteAddress, recipient(session, address), callback),
      onData(stream, session, callback) {
        const stopWatch = watchPace(stream, () => server.guest(session.id)?.cut());
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
        void taken.finally(() => {
          stopWatch();
          underWay.delete(taken);
        });
      },
      onClose(session) {
        const known = counted.get(session.id);
        handlers.closed(session);
        handlers.gone?.(session);
        if (known === undefined) return;
        counted.delete(session.id);
        known.leave();
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
    admit,
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
    const cut = await server.end(graceMs);
    await Promise.all(underWay);
    log.info({ event: 'listener.closed', service, cut });
  };
  let closing: Promise<void> | undefined;
  return ok({
    service,
    host,
    port,
    get guests() {
      return server.guests;
    },
    guest: (id) => server.guest(id),
    close: (graceMs) => (closing ??= close(graceMs)),
  });
}
