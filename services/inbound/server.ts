import type { MailEngine } from '../../shared/engine/engine.ts';
import { defaultMessageLimit } from '../../shared/engine/stage.ts';
import type { ConnectionLimits } from '../../shared/net/listener.ts';
import { ok, type Result } from '../../shared/result.ts';
import type { Log } from '../../shared/telemetry/log.ts';
import type { Metrics } from '../../shared/telemetry/metrics.ts';
import type { Forwarder } from '../forwarding/forwarder.ts';
import type { PostmasterDirectory } from './postmaster.ts';
import { Reception } from './reception.ts';
import { RetryMemory } from './retries.ts';
import type { TlsSource } from './smtp-connections.ts';
import { openSmtpListener, type SmtpListener } from './smtp-listener.ts';

export interface InboundListen {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
}

export interface InboundOptions {
  /** This server's name: in the greeting and in trace fields. */
  readonly hostname: string;
  /** Most octets of a message; 64 MB unless given. */
  readonly messageLimit?: number;
  /** Recipients of one message; 100, as RFC 5321 §4.5.3.1.8 asks for, unless given. */
  readonly maxRecipients?: number;
  /** Silence after which a connection ends, ms; five minutes (RFC 5321 §4.5.3.2.7) unless given. */
  readonly idleTimeoutMs?: number;
  readonly maxConnections?: number;
  /** Where mail to `<postmaster>` without a domain goes; see `resolvePostmaster` for where it goes unless given. */
  readonly postmaster?: string | undefined;
}

export interface InboundParts {
  readonly engine: MailEngine;
  readonly directory: PostmasterDirectory;
  /** Offered by STARTTLS where there is one, never asked for. */
  readonly tls: TlsSource | undefined;
  /** `smtp`: a domain's MX, open to everybody. `lmtp`: for a mail server in front; there is no sign-in, so let only it reach it. */
  readonly listeners: { readonly smtp: readonly InboundListen[]; readonly lmtp: readonly InboundListen[] };
  readonly limits: ConnectionLimits;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly options: InboundOptions;
  /** Shared with submission, whose local deliveries may be repeated too. */
  readonly retries?: RetryMemory;
  /** Takes mail for addresses elsewhere; without one it goes to none. */
  readonly forwarder?: Forwarder | undefined;
}

export interface InboundServer {
  readonly smtp: readonly SmtpListener[];
  readonly lmtp: readonly SmtpListener[];
  /** Stops listening; messages that are under way come to their end, or to `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/** SMTP and LMTP (RFC 5321, RFC 2033) into the accounts. Opens all listeners or none. */
export async function startInbound(parts: InboundParts): Promise<Result<InboundServer, string>> {
  const { log, metrics, tls, limits, options } = parts;
  const messageLimit = options.messageLimit ?? defaultMessageLimit;
  const retries = parts.retries ?? new RetryMemory();
  const listeners = { smtp: [] as SmtpListener[], lmtp: [] as SmtpListener[] };
  const close = async (graceMs: number) => {
    await Promise.all([...listeners.smtp, ...listeners.lmtp].map((listener) => listener.close(graceMs)));
  };
  for (const protocol of ['smtp', 'lmtp'] as const)
    for (const { host, port } of parts.listeners[protocol]) {
      const reception = new Reception({
        ...parts,
        retries,
        forwarder: parts.forwarder,
        protocol,
        hostname: options.hostname,
        messageLimit,
        postmaster: options.postmaster,
      });
      const opened = await openSmtpListener({
        service: protocol,
        host,
        port,
        tls,
        limits,
        handlers: reception,
        log,
        metrics,
        server: {
          name: options.hostname,
          lmtp: protocol === 'lmtp',
          size: messageLimit,
          disabledCommands: ['AUTH'],
          maxRecipients: options.maxRecipients ?? 100,
          maxClients: options.maxConnections ?? 2000,
          socketTimeout: options.idleTimeoutMs ?? 5 * 60_000,
        },
      });
      if (!opened.ok) {
        await close(0);
        return opened;
      }
      listeners[protocol].push(opened.value);
    }
  return ok({ ...listeners, close });
}
