import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAuthenticator } from '../../shared/directory/authenticator.ts';
import { rememberedTogether } from '../../shared/directory/remembered-together.ts';
import { SignedInSessions } from '../../shared/directory/signed-in.ts';
import type { TlsContext } from '../../shared/net/tls-context.ts';
import { ok, type Result } from '../../shared/result.ts';
import type { Log, OpenedLog } from '../../shared/telemetry/log.ts';
import type { Metrics } from '../../shared/telemetry/metrics.ts';
import type { Data } from './assemble.ts';
import type { Certificate } from './certificate.ts';
import type { ServeConfig } from './config.ts';
import type { CommandContext, Store } from './context.ts';
import { type DrainTimes, drain } from './drain.ts';
import { type RunningService, startMailServices } from './mail-services.ts';
import type { Outgoing } from './outgoing.ts';
import type { Exchange } from './workers/exchange.ts';
import type { Figures, OpenPort } from './workers/news.ts';
import type { ServingState } from './workers/shared-state.ts';
import { Supervisor } from './workers/supervisor.ts';

/** What clients are served by: services in this process, or processes that have them. */
export interface MailSide {
  readonly ports: readonly OpenPort[];
  /** Whether anybody is there to serve a client. */
  readonly serving: () => boolean;
  /** Of all processes, this one included. */
  figures(): Promise<Figures>;
  /** Asks other processes to read the certificate again. */
  reload(): void;
  /** Ends it, as `drain` does. Asked again, it is the end that has begun. */
  end(times: DrainTimes): Promise<void>;
}

export const serverName = ({ hostname: given }: ServeConfig): string => given ?? hostname();

export interface MailParts {
  readonly context: CommandContext;
  readonly config: ServeConfig;
  readonly data: Data;
  readonly tls: TlsContext;
  readonly state: ServingState;
  readonly outgoing: Outgoing;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Starts the services in this process. The error is one line. */
export function startServices(parts: MailParts): Promise<Result<readonly RunningService[], string>> {
  const { context, config, data, tls, state, outgoing, log, metrics } = parts;
  return startMailServices({
    config,
    data,
    authenticator: createAuthenticator({
      directory: data.store.directory,
      hasher: data.hasher,
      remembered: rememberedTogether(state.remembered, data.store.passwordMarks?.marks),
      throttle: state.throttle,
      log,
      metrics,
    }),
    tls,
    limits: { counts: state.counts, trusted: config.trustedNetworks, proxies: config.proxies },
    sessions: new SignedInSessions({ directory: data.store.directory, counts: state.signedIn, log }),
    log,
    metrics,
    version: context.version,
    hostname: serverName(config),
    relay: outgoing.relay,
    forwarder: outgoing.forwarding?.forwarder,
    retries: state.retries,
  });
}

export const portsOf = (services: readonly RunningService[]): readonly OpenPort[] =>
  services.flatMap(({ listeners }) => listeners.map(({ service, host, port }) => ({ service, host, port })));

const ownFigures = (metrics: Metrics): Figures => ({
  rss: process.memoryUsage.rss(),
  page: metrics.render(),
});

/** This process serves. */
export async function serveHere(parts: MailParts): Promise<Result<MailSide, string>> {
  const services = await startServices(parts);
  if (!services.ok) return services;
  let ending: Promise<void> | undefined;
  return ok({
    ports: portsOf(services.value),
    serving: () => true,
    figures: async () => ownFigures(parts.metrics),
    reload() {},
    end: (times) => (ending ??= drain(services.value, times, sleep)),
  });
}

export interface WorkersParts {
  readonly context: CommandContext;
  readonly config: ServeConfig;
  readonly certificate: Certificate;
  readonly secret: Uint8Array;
  readonly exchange: Exchange;
  readonly log: OpenedLog;
  readonly metrics: Metrics;
  readonly giveUp: (message: string) => void;
}

/** Keys marks of passwords; known to all machines on the store, or else to the processes of one server, as long as they run. */
export const secretOf = ({ passwordMarks }: Store): Uint8Array => passwordMarks?.key ?? randomBytes(32);

/** Processes of their own serve, on ports that this one holds. */
export async function serveByWorkers(parts: WorkersParts): Promise<Result<MailSide, string>> {
  const { context, config, certificate, secret, exchange, log, metrics, giveUp } = parts;
  const started = await Supervisor.start({
    workers: config.workers,
    processes: context.processes,
    orders: { ...certificate.files, secret: Buffer.from(secret).toString('base64') },
    exchange,
    log,
    giveUp,
  });
  if (!started.ok) return started;
  const { supervisor, ports } = started.value;
  for (const { service, host, port } of ports)
    log.info({ event: 'listener.up', service, host, port, tls: /s$/.test(service) ? 'implicit' : 'none' });
  let ending: Promise<void> | undefined;
  return ok({
    ports,
    serving: () => supervisor.ready > 0,
    figures: () => supervisor.figures(ownFigures(metrics)),
    reload: () => supervisor.reload(),
    end: (times) => (ending ??= supervisor.stop(times)),
  });
}
