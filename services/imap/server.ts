import { randomBytes } from 'node:crypto';
import type { Authenticator } from '../../shared/directory/authenticator.ts';
import type { SignedInSessions } from '../../shared/directory/signed-in.ts';
import { ByteCache } from '../../shared/engine/byte-cache.ts';
import type { MailEngine } from '../../shared/engine/engine.ts';
import type { Connection, TlsSettings } from '../../shared/net/connection.ts';
import { type ConnectionLimits, type Listener, listen } from '../../shared/net/listener.ts';
import { ok, type Result } from '../../shared/result.ts';
import type { Log } from '../../shared/telemetry/log.ts';
import type { Metrics } from '../../shared/telemetry/metrics.ts';
import { defaultImapOptions, type ImapOptions } from './options.ts';
import { restWhereIdle } from './rest.ts';
import type { ImapService } from './service.ts';
import { ImapSession } from './session.ts';

export interface ImapListener {
  /** 'implicit': TLS from the first byte (RFC 8314); 'startTls': plain until the client asks, where there is a certificate. */
  readonly tls: 'implicit' | 'startTls';
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
}

export interface ImapServerParts {
  readonly engine: MailEngine;
  readonly authenticator: Authenticator;
  readonly listeners: readonly ImapListener[];
  /** The certificate in use; without one STARTTLS is not offered and no implicit TLS can be listened for. */
  readonly tls: TlsSettings['context'] | undefined;
  readonly limits: ConnectionLimits;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly options?: Partial<ImapOptions>;
  readonly sessions: SignedInSessions;
}

export interface ImapServer {
  /** In the order of the listeners asked for. */
  readonly listeners: readonly Listener<ImapSession>[];
  /** Stops listening, says goodbye, and cuts who is there after `graceMs`. Resolves when all are gone. */
  close(graceMs: number): Promise<void>;
}

const handshakeTimeoutMs = 30_000;

/** Serves IMAP. The error is one line that says which listener cannot be opened and why; none is open then. */
export async function startImap(parts: ImapServerParts): Promise<Result<ImapServer, string>> {
  const options: ImapOptions = { ...defaultImapOptions, ...parts.options };
  const { limits, metrics } = parts;
  const tls: TlsSettings | undefined = parts.tls && {
    context: parts.tls,
    alpn: ['imap'],
    handshakeTimeoutMs,
  };
  const service: ImapService = {
    engine: parts.engine,
    authenticator: parts.authenticator,
    options,
    tls,
    sessions: parts.sessions,
    memos: new ByteCache(options.memoBytes),
    commands: metrics.counter('restante_imap_commands_total', 'IMAP commands by outcome', [
      'command',
      'outcome',
    ]),
  };
  const serve = (log: Log) => (connection: Connection) =>
    new ImapSession(service, connection, log.with({ session: randomBytes(6).toString('hex') }));

  const listeners: Listener<ImapSession>[] = [];
  for (const { tls: kind, host, port } of parts.listeners) {
    const name = kind === 'implicit' ? 'imaps' : 'imap';
    const log = parts.log.with({ service: name });
    if (kind === 'implicit' && tls === undefined) throw new Error('imaps needs a certificate');
    const opened = await listen({
      service: name,
      host,
      port,
      ...(kind === 'implicit' && tls ? { implicitTls: tls } : {}),
      limits,
      idleTimeoutMs: options.greetingTimeoutMs,
      refusal: '* BYE Too many connections\r\n',
      serve: serve(log),
      log: parts.log, // Its events name the service themselves.
      metrics,
    });
    if (!opened.ok) {
      await Promise.all(listeners.map((listener) => listener.close(0)));
      return opened;
    }
    listeners.push(opened.value);
  }

  // One clock for all sessions, so that an idle one has no timer of its own.
  const beat = options.stillHereMs / 4;
  const clock = setInterval(() => {
    const now = Date.now();
    for (const session of listeners.flatMap(({ guests }) => guests)) {
      session.keepAlive(now, options.stillHereMs - beat);
      restWhereIdle(session, now);
    }
  }, beat).unref();

  let closing: Promise<void> | undefined;
  const close = async (graceMs: number) => {
    await Promise.all(listeners.map((listener) => listener.close(graceMs)));
    clearInterval(clock);
  };
  return ok({
    listeners,
    close: (graceMs) => (closing ??= close(graceMs)),
  });
}
