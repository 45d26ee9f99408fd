import type { Authenticator } from '../../shared/directory/authenticator.ts';
import type { SignedInSessions } from '../../shared/directory/signed-in.ts';
import type { MailEngine } from '../../shared/engine/engine.ts';
import { defaultMessageLimit } from '../../shared/engine/stage.ts';
import type { ConnectionLimits } from '../../shared/net/listener.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { Log } from '../../shared/telemetry/log.ts';
import type { Metrics } from '../../shared/telemetry/metrics.ts';
import type { Forwarder } from '../forwarding/forwarder.ts';
import type { PostmasterDirectory } from '../inbound/postmaster.ts';
import { RetryMemory } from '../inbound/retries.ts';
import type { TlsSource } from '../inbound/smtp-connections.ts';
import { openSmtpListener, type SmtpListener } from '../inbound/smtp-listener.ts';
import { createSignIn } from './sign-in.ts';
import { createRelay, type Relay, type SmartHost } from './smart-host.ts';
import { Submission } from './submission.ts';

export interface SubmissionListen {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** 'implicit': port 465's way (RFC 8314 §3.3). 'startTls': port 587's. */
  readonly tls: 'implicit' | 'startTls';
}

export interface SubmissionOptions {
  /** This server's name: in the greeting, in EHLO to the smart host, in trace fields and made Message-IDs. */
  readonly hostname: string;
  /** Where mail to `<postmaster>` without a domain goes; see `resolvePostmaster` for where it goes unless given. */
  readonly postmaster?: string | undefined;
  /** Passwords without TLS, for tests and closed networks; no unless given. */
  readonly allowPlaintextAuth?: boolean;
  /** Most octets of a message; 64 MB unless given. */
  readonly messageLimit?: number;
  readonly maxRecipients?: number;
  /** Silence after which a connection ends, ms; five minutes unless given. */
  readonly idleTimeoutMs?: number;
  readonly maxConnections?: number;
  /** Authorities that may vouch for the smart host, besides the usual ones (PEM). */
  readonly smartHostCa?: string | Uint8Array;
}

export interface SubmissionParts {
  readonly engine: MailEngine;
  readonly authenticator: Authenticator;
  readonly sessions: SignedInSessions;
  readonly directory: PostmasterDirectory;
  readonly tls: TlsSource | undefined;
  readonly listeners: readonly SubmissionListen[];
  /** Undefined: mail goes to local addresses only. */
  readonly smartHost: SmartHost | Relay | undefined;
  readonly limits: ConnectionLimits;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly options: SubmissionOptions;
  /** Shared with inbound. */
  readonly retries?: RetryMemory;
  /** Takes mail that local recipients send on to addresses elsewhere. */
  readonly forwarder?: Forwarder | undefined;
}

export interface SubmissionServer {
  /** In the order in which they were asked for. */
  readonly listeners: readonly SmtpListener[];
  /** Stops listening; messages that are under way come to their end, or to `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/** Message submission (RFC 6409, RFC 8314). Opens all listeners or none. */
export async function startSubmission(parts: SubmissionParts): Promise<Result<SubmissionServer, string>> {
  const { tls, limits, log, metrics, options, smartHost } = parts;
  const messageLimit = options.messageLimit ?? defaultMessageLimit;
  const allowPlaintextAuth = options.allowPlaintextAuth ?? false;
  const relay =
    smartHost && 'send' in smartHost
      ? smartHost
      : smartHost &&
        createRelay(smartHost, {
          hostname: options.hostname,
          ...(options.smartHostCa === undefined ? {} : { ca: options.smartHostCa }),
        });
  const signIn = createSignIn(parts);
  const handlers = new Submission({
    ...parts,
    signIn,
    relay,
    forwarder: parts.forwarder,
    retries: parts.retries ?? new RetryMemory(),
    hostname: options.hostname,
    postmaster: options.postmaster,
    messageLimit,
    allowPlaintextAuth,
    offerTls: tls !== undefined,
  });
  const listeners: SmtpListener[] = [];
  const close = async (graceMs: number) => {
    await Promise.all(listeners.map((listener) => listener.close(graceMs)));
  };
  for (const { host, port, tls: mode } of parts.listeners) {
    const service = mode === 'implicit' ? 'submissions' : 'submission';
    if (mode === 'implicit' && tls === undefined) {
      await close(0);
      return err(`${service}: cannot listen on ${host}:${port}: there is no certificate`);
    }
    let listener: SmtpListener | undefined;
    const opened = await openSmtpListener({
      service,
      host,
      port,
      tls,
      limits,
      handlers,
      log,
      metrics,
      server: {
        name: options.hostname,
        secure: mode === 'implicit',
        size: messageLimit,
        authMethods: ['PLAIN', 'LOGIN'],
        allowInsecureAuth: allowPlaintextAuth,
        onAuth: signIn.onAuth((id) => listener?.guest(id)),
        maxRecipients: options.maxRecipients ?? 500,
        maxClients: options.maxConnections ?? 2000,
        socketTimeout: options.idleTimeoutMs ?? 5 * 60_000,
      },
    });
    if (!opened.ok) {
      await close(0);
      return opened;
    }
    listener = opened.value;
    listeners.push(listener);
  }
  return ok({ listeners, close });
}
