import { randomBytes } from 'node:crypto';
import type { Authenticator } from '../../shared/directory/authenticator.ts';
import type { SignedInSessions } from '../../shared/directory/signed-in.ts';
import type { MailEngine } from '../../shared/engine/engine.ts';
import type { TlsSettings } from '../../shared/net/connection.ts';
import { type ConnectionLimits, type Listener, listen } from '../../shared/net/listener.ts';
import type { TlsContext } from '../../shared/net/tls-context.ts';
import type { Leases } from '../../shared/ports/leases.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { Log } from '../../shared/telemetry/log.ts';
import type { Metrics } from '../../shared/telemetry/metrics.ts';
import { commandTable } from './commands.ts';
import { Session } from './session.ts';

export interface Pop3Listen {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** 'implicit': port 995's way (RFC 8314 §3.2). 'stls': plain, with STLS where there is a certificate. */
  readonly tls: 'implicit' | 'stls';
}

export interface Pop3Options {
  /** Passwords without TLS, for tests and closed networks; no unless given. */
  readonly allowPlaintextAuth?: boolean;
  /** Silence after which a session ends, ms. RFC 1939 §3 asks for ten minutes at least. */
  readonly idleTimeoutMs?: number;
  /** Silence before sign-in that ends a connection, ms; so do five times that without one, whatever is said. */
  readonly greetingTimeoutMs?: number;
  readonly handshakeTimeoutMs?: number;
}

export interface Pop3Parts {
  readonly engine: MailEngine;
  readonly authenticator: Authenticator;
  readonly sessions: SignedInSessions;
  readonly leases: Leases;
  readonly listeners: readonly Pop3Listen[];
  /** Undefined: no TLS, and none offered; an 'implicit' listener is then refused. */
  readonly tls: Pick<TlsContext, 'secureContext'> | undefined;
  readonly limits: ConnectionLimits;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly options?: Pop3Options;
}

export interface Pop3Server {
  /** In the order in which they were asked for. */
  readonly listeners: readonly Listener[];
  /** Stops listening, lets go who has not signed in, and cuts after `graceMs` who is still there. */
  close(graceMs: number): Promise<void>;
}

/** Opens all listeners or none. The error is one line that says which cannot be opened and why. */
export async function startPop3(parts: Pop3Parts): Promise<Result<Pop3Server, string>> {
  const { log, metrics, options = {} } = parts;
  const idleTimeoutMs = options.idleTimeoutMs ?? 10 * 60_000;
  const greetingTimeoutMs = options.greetingTimeoutMs ?? 60_000;
  const allowPlaintextAuth = options.allowPlaintextAuth ?? false;
  const tls: TlsSettings | undefined = parts.tls && {
    context: parts.tls,
    alpn: ['pop3'],
    handshakeTimeoutMs: options.handshakeTimeoutMs ?? 30_000,
  };
  const commands = commandTable({ ...parts, allowPlaintextAuth, offerTls: tls !== undefined });
  const answers = metrics.counter('restante_pop3_commands_total', 'POP3 commands answered', [
    'command',
    'outcome',
  ]);
  const answered = (command: string, outcome: string) => answers.add({ command, outcome });

  const listeners: Listener[] = [];
  const close = async (graceMs: number) => {
    await Promise.all(listeners.map((listener) => listener.close(graceMs)));
  };
  for (const { host, port, tls: mode } of parts.listeners) {
    const service = mode === 'implicit' ? 'pop3s' : 'pop3';
    if (mode === 'implicit' && tls === undefined) {
      await close(0);
      return err(`${service}: cannot listen on ${host}:${port}: there is no certificate`);
    }
    const opened = await listen({
      service,
      host,
      port,
      ...(mode === 'implicit' && tls !== undefined ? { implicitTls: tls } : {}),
      limits: parts.limits,
      idleTimeoutMs: greetingTimeoutMs,
      refusal: '-ERR [SYS/TEMP] Too many connections, please try again later\r\n',
      serve: (connection) =>
        new Session(connection, {
          commands,
          idleTimeoutMs,
          signInTimeoutMs: 5 * greetingTimeoutMs,
          tls,
          log: log.with({ service, session: randomBytes(6).toString('hex') }),
          answered,
        }),
      log,
      metrics,
    });
    if (!opened.ok) {
      await close(0);
      return opened;
    }
    listeners.push(opened.value);
  }
  return ok({ listeners, close });
}
