import { resolve } from 'node:path';
import { systemEntropy } from '../../shared/ids.ts';
import { ok, type Result } from '../../shared/result.ts';
import { type OpenedLog, openLog } from '../../shared/telemetry/log.ts';
import { createMetrics } from '../../shared/telemetry/metrics.ts';
import { createAdminApp } from '../admin/api/app.ts';
import { KeyRing } from '../admin/api/key-ring.ts';
import type { Welcome } from '../admin/health-http/app.ts';
import { startHealthHttp } from '../admin/health-http/server.ts';
import { quotaNotices } from '../maintenance/quota-wording.ts';
import { startMaintenance } from '../maintenance/schedule.ts';
import { systemTimers } from '../maintenance/timers.ts';
import { assemble, closeServed, type Data, logEngineFaults } from './assemble.ts';
import { openCertificate } from './certificate.ts';
import type { ServeConfig } from './config.ts';
import { serviceNames } from './config-options.ts';
import {
  clientHost,
  type Guide,
  passwordCommand,
  printFirstGuide,
  printFirstKey,
  printLaterGuide,
} from './connection-guide.ts';
import { connectionPage } from './connection-page.ts';
import { type CommandContext, type CommandError, type CommandOutcome, failed } from './context.ts';
import { folderFrom } from './data-folder.ts';
import { isUnused, makeDemoAccounts } from './demo-accounts.ts';
import type { DrainTimes } from './drain.ts';
import { secretOf, serveByWorkers, serveHere, serverName } from './mail-side.ts';
import { openOutgoing, startForwarding } from './outgoing.ts';
import { awaitStop, type Stop } from './stop.ts';
import { createStoreCheck } from './store-check.ts';
import { terminalDestination } from './terminal-log.ts';
import { Exchange } from './workers/exchange.ts';
import { Outbox } from './workers/outbox.ts';
import { ownState, SharedNotifier, type SharedState, shareState } from './workers/shared-state.ts';
import { serveAsWorker } from './workers/worker-process.ts';

/** How often the number of connections is told, ms: what autoscaling looks at. */
const loadEvery = 60_000;

/** This process's place among several: it does not serve, but knows what is open, and its changes wake clients of the others. */
interface Meeting {
  readonly exchange: Exchange;
  readonly secret: Uint8Array;
  readonly outbox: Outbox;
  readonly state: SharedState;
}

function meet(config: ServeConfig, secret: Uint8Array): Meeting {
  const exchange = new Exchange();
  const outbox = new Outbox((news, sent) => {
    exchange.tell(0, news);
    sent();
  });
  return { exchange, secret, outbox, state: shareState(outbox, config, secret) };
}

/** Serves until it is told to stop; then says goodbye to clients, completes what is under way and lets the data folder go. */
export async function serve(context: CommandContext, config: ServeConfig): Promise<CommandOutcome> {
  if (context.processes.first) return serveAsWorker(context, config, context.processes.first);
  const log = openLog({
    level: config.logLevel,
    ...(context.stderr.isTTY && { to: terminalDestination(context.stderr) }),
  });
  await using open = new AsyncDisposableStack();
  open.defer(() => log.flush());
  const stop = awaitStop(context, log, config);
  open.defer(() => stop.end());
  const startedAt = performance.now();
  log.info({ event: 'process.starting', version: context.version, node: context.nodeVersion });

  const opened = await context.openStore(config.store, {
    existing: 'optional',
    upgrade: true,
    onFailure: stop.storeFailed,
  });
  if (!opened.ok) return failed(opened.error);
  const secret = secretOf(opened.value);
  const meeting = config.workers > 1 ? meet(config, secret) : undefined;
  const notifier = meeting && new SharedNotifier(opened.value.notifier, meeting.outbox);
  meeting?.exchange.join(0, (news, sent) => {
    meeting.state.take(news);
    notifier?.take(news);
    sent();
  });
  const data = assemble(notifier ? { ...opened.value, notifier } : opened.value, logEngineFaults(log), {
    forwardOutside: config.forwardOutside,
  });
  // What cannot be recorded now was not acknowledged either: the reason for the end is what is told.
  open.defer(() => closeServed(data, log));

  const up = await startEverything({ context, config, data, secret, meeting, log, stop, open });
  if (!up.ok) return up;
  context.stdout.write('ready\n');
  log.info({ event: 'process.ready', ms: Math.round(performance.now() - startedAt) });
  const outcome = await stop.asked;
  // Where the store has failed nobody can be served any more.
  await up.value.end({ noticeMs: outcome.ok ? config.noticeMs : 0, graceMs: config.graceMs });
  return outcome;
}

interface Parts {
  readonly context: CommandContext;
  readonly config: ServeConfig;
  readonly data: Data;
  readonly secret: Uint8Array;
  /** Undefined where this process is the whole server. */
  readonly meeting: Meeting | undefined;
  readonly log: OpenedLog;
  readonly stop: Stop;
  /** Closes, in turn, what was opened. */
  readonly open: AsyncDisposableStack;
}

/** What serves; `end` before what is beneath is closed. */
interface Serving {
  end(times: DrainTimes): Promise<void>;
}

/** Opens every listener and says how to connect. What it opens is closed with `open`. */
async function startEverything(parts: Parts): Promise<Result<Serving, CommandError>> {
  const { context, config, data, secret, meeting, log, stop, open } = parts;
  const { graceMs } = config;
  const certificate = await openCertificate(config, context.readSecret, log);
  if (!certificate.ok) return certificate;
  open.defer(() => certificate.value.close());

  const metrics = createMetrics();
  metrics.observe('restante_process_resident_bytes', 'Memory of the process, or of all of them', () =>
    process.memoryUsage.rss(),
  );
  const state = meeting?.state ?? ownState(config, secret);
  const tls = certificate.value.context;
  const outgoing = await openOutgoing(context, config, data);
  const mail = await (meeting
    ? serveByWorkers({
        ...{ context, config, log, metrics },
        certificate: certificate.value,
        exchange: meeting.exchange,
        secret: meeting.secret,
        giveUp: stop.giveUp,
      })
    : serveHere({ context, config, data, tls, state, outgoing, log, metrics }));
  if (!mail.ok) return failed(namingOption(mail.error));
  let welcome: Welcome = 'notReady';
  open.defer(() => mail.value.end({ noticeMs: 0, graceMs: 0 }));
  open.defer(
    context.onReload(() => {
      void tls.reload();
      mail.value.reload();
    }),
  );

  const ports: Guide['ports'] = new Map(
    mail.value.ports.flatMap(({ service, port }) =>
      serviceNames.filter((name) => name === service).map((name) => [name, port] as const),
    ),
  );
  let guide: Guide = {
    host: clientHost(config.host),
    ports,
    caFile: certificate.value.caFile,
    passwordCommand: passwordCommand(
      context.env.npm_lifecycle_event !== undefined,
      config.dataFolder,
      resolve(folderFrom(context.env)),
    ),
  };
  if (config.ports.http !== 'off') {
    const storeAnswers = createStoreCheck(() => data.store.directory.domains(undefined, 1));
    const http = await startHealthHttp({
      host: config.host,
      port: config.ports.http,
      welcome: async () =>
        welcome !== 'ready' || (mail.value.serving() && (await storeAnswers())) ? welcome : 'notReady',
      page: () => connectionPage(guide),
      authority: certificate.value.authority,
      metrics,
      metricsPage: async () => (await mail.value.figures()).page,
      log,
      admin: config.adminApi
        ? createAdminApp({
            data,
            hosts: { hostname: serverName(config), mx: serverName(config), spf: 'mx' },
            version: context.version,
            log,
          })
        : undefined,
    });
    if (!http.ok) return failed(namingOption(http.error));
    open.defer(() => http.value.close(graceMs));
    guide = { ...guide, ports: new Map([...ports, ['http', http.value.port]]) };
  }

  // Only now: with a port in use, the passwords would have been made and never shown.
  if (config.demo && (await isUnused(data))) {
    const accounts = await makeDemoAccounts(data);
    if (!accounts.ok) return failed(accounts.error);
    context.stdout.write(printFirstGuide(guide, accounts.value));
  } else context.stdout.write(printLaterGuide(guide));
  const http = guide.ports.get('http');
  if (config.adminApi && http !== undefined) {
    const token = await new KeyRing(data.store.adminRecords, systemEntropy).first('first start');
    if (token !== undefined) context.stdout.write(printFirstKey(guide, token));
  }
  welcome = 'ready';
  const { engine, store } = data;
  const maintenance = startMaintenance(
    {
      engine,
      directory: store.directory,
      leases: store.leases,
      removedAccounts: () => store.removedAccounts(),
      timers: systemTimers,
      log,
      metrics,
    },
    {
      retention: config.retention,
      clear: { '\\Trash': config.clear.trash, '\\Junk': config.clear.junk },
      notices: quotaNotices[config.noticeLanguage],
    },
  );
  open.defer(() => maintenance.stop(graceMs));
  const forwarding = startForwarding(outgoing, config, data, log, metrics);
  open.defer(() => forwarding?.stop(graceMs));
  const tellLoad = async () => {
    const { rss } = await mail.value.figures();
    log.info({ event: 'process.load', connections: state.counts.total, rss });
  };
  const load = setInterval(() => void tellLoad(), loadEvery).unref();
  open.defer(() => clearInterval(load));
  return ok({
    async end(times) {
      welcome = 'draining';
      log.info({ event: 'process.draining', sessions: state.counts.total, noticeMs: times.noticeMs });
      await Promise.all([mail.value.end(times), maintenance.stop(times.noticeMs + times.graceMs)]);
    },
  });
}

/** `imap: cannot listen on …` names the service, which is also the option that chooses another port. */
function namingOption(message: string): string {
  const name = serviceNames.find((service) => message.startsWith(`${service}:`));
  return name === undefined ? message : `${message}; choose another port with --${name}`;
}
