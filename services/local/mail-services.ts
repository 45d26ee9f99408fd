import type { Authenticator } from '../../shared/directory/authenticator.ts';
import type { SignedInSessions } from '../../shared/directory/signed-in.ts';
import type { Guest } from '../../shared/net/guest.ts';
import type { ConnectionLimits } from '../../shared/net/listener.ts';
import type { TlsContext } from '../../shared/net/tls-context.ts';
import { ok, type Result } from '../../shared/result.ts';
import type { Log } from '../../shared/telemetry/log.ts';
import type { Metrics } from '../../shared/telemetry/metrics.ts';
import type { Forwarder } from '../forwarding/forwarder.ts';
import { startImap } from '../imap/server.ts';
import type { RetryMemory } from '../inbound/retries.ts';
import { startInbound } from '../inbound/server.ts';
import { startPop3 } from '../pop3/server.ts';
import { startSubmission } from '../submission/server.ts';
import type { Relay } from '../submission/smart-host.ts';
import type { Data } from './assemble.ts';
import type { ServeConfig } from './config.ts';
import type { ServiceName } from './config-options.ts';
import type { OpenPort } from './workers/news.ts';

/** What the process can do with a service that is up, whatever it speaks. */
export interface RunningService {
  readonly listeners: readonly OpenPort[];
  /** Whose connections are open now. */
  readonly guests: readonly Guest[];
  /** Stops listening, says goodbye, and cuts after `graceMs` who is still there. */
  close(graceMs: number): Promise<void>;
}

export interface ServiceParts {
  readonly config: ServeConfig;
  readonly data: Data;
  readonly authenticator: Authenticator;
  readonly tls: TlsContext;
  readonly limits: ConnectionLimits;
  readonly sessions: SignedInSessions;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly version: string;
  /** This server's name, as it gives it to other mail servers and in trace fields. */
  readonly hostname: string;
  /** How mail to others goes out; undefined where it does not. */
  readonly relay: Relay | undefined;
  /** Takes mail for addresses elsewhere; undefined where it goes to none. */
  readonly forwarder: Forwarder | undefined;
  /** Deliveries that may be repeated, shared by all ways in. */
  readonly retries: RetryMemory;
}

type Start = (parts: ServiceParts) => Promise<
  Result<
    {
      readonly listeners: readonly (OpenPort & { readonly guests: readonly Guest[] })[];
      close(graceMs: number): Promise<void>;
    },
    string
  >
>;

/** The listeners of a protocol that are not off. */
function listenersOf<T>(
  { config }: ServiceParts,
  modes: readonly (readonly [ServiceName, T])[],
): { readonly host: string; readonly port: number; readonly tls: T }[] {
  return modes.flatMap(([name, tls]) => {
    const port = config.ports[name];
    return port === 'off' ? [] : [{ host: config.host, port, tls }];
  });
}

const imap: Start = (parts) =>
  startImap({
    engine: parts.data.engine,
    authenticator: parts.authenticator,
    listeners: listenersOf(parts, [
      ['imap', 'startTls'],
      ['imaps', 'implicit'],
    ]),
    tls: parts.tls,
    limits: parts.limits,
    sessions: parts.sessions,
    log: parts.log,
    metrics: parts.metrics,
    options: { allowPlaintextAuth: parts.config.allowPlaintextAuth, version: parts.version },
  });

const pop3: Start = (parts) =>
  startPop3({
    engine: parts.data.engine,
    authenticator: parts.authenticator,
    sessions: parts.sessions,
    leases: parts.data.store.leases,
    listeners: listenersOf(parts, [
      ['pop3', 'stls'],
      ['pop3s', 'implicit'],
    ]),
    tls: parts.tls,
    limits: parts.limits,
    log: parts.log,
    metrics: parts.metrics,
    options: { allowPlaintextAuth: parts.config.allowPlaintextAuth },
  });

const inbound: Start = async (parts) => {
  const listening = (name: ServiceName) => listenersOf(parts, [[name, undefined]]);
  const started = await startInbound({
    engine: parts.data.engine,
    directory: parts.data.store.directory,
    tls: parts.tls,
    listeners: { smtp: listening('smtp'), lmtp: listening('lmtp') },
    limits: parts.limits,
    log: parts.log,
    metrics: parts.metrics,
    options: { hostname: parts.hostname, postmaster: parts.config.postmaster },
    retries: parts.retries,
    forwarder: parts.forwarder,
  });
  if (!started.ok) return started;
  const { smtp, lmtp, close } = started.value;
  return ok({ listeners: [...smtp, ...lmtp], close });
};

const submission: Start = (parts) =>
  startSubmission({
    engine: parts.data.engine,
    authenticator: parts.authenticator,
    sessions: parts.sessions,
    directory: parts.data.store.directory,
    tls: parts.tls,
    listeners: listenersOf(parts, [
      ['submission', 'startTls'],
      ['submissions', 'implicit'],
    ]),
    smartHost: parts.relay,
    limits: parts.limits,
    log: parts.log,
    metrics: parts.metrics,
    options: {
      hostname: parts.hostname,
      postmaster: parts.config.postmaster,
      allowPlaintextAuth: parts.config.allowPlaintextAuth,
    },
    retries: parts.retries,
    forwarder: parts.forwarder,
  });

const starts: readonly Start[] = [imap, pop3, inbound, submission];

/** Starts every mail service that is not off, or none: the error is one line that says which port cannot be had and why. */
export async function startMailServices(
  parts: ServiceParts,
): Promise<Result<readonly RunningService[], string>> {
  const running: RunningService[] = [];
  for (const start of starts) {
    const started = await start(parts);
    if (!started.ok) {
      await Promise.all(running.map((service) => service.close(0)));
      return started;
    }
    const { listeners, close } = started.value;
    running.push({
      listeners,
      get guests() {
        return listeners.flatMap(({ guests }) => guests);
      },
      close,
    });
  }
  return ok(running);
}
