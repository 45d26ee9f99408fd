import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { createAuthenticator } from '../../shared/directory/authenticator.ts';
import { createRememberedPasswords } from '../../shared/directory/remembered-passwords.ts';
import { createSignInThrottle } from '../../shared/directory/sign-in-throttle.ts';
import { systemEntropy } from '../../shared/ids.ts';
import { OpenCounts } from '../../shared/net/limits.ts';
import { ok } from '../../shared/result.ts';
import { type Log, openLog } from '../../shared/telemetry/log.ts';
import { createMetrics } from '../../shared/telemetry/metrics.ts';
import { createAdminApp } from '../admin/api/app.ts';
import { KeyRing } from '../admin/api/key-ring.ts';
import { startHealthHttp } from '../admin/health-http/server.ts';
import { RetryMemory } from '../inbound/retries.ts';
import { quotaNotices } from '../maintenance/quota-wording.ts';
import { startMaintenance } from '../maintenance/schedule.ts';
import { systemTimers } from '../maintenance/timers.ts';
import { createSesRelay } from '../submission/ses-relay.ts';
import { assemble, type Data } from './assemble.ts';
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
import { type CommandContext, type CommandOutcome, failed } from './context.ts';
import { folderFrom } from './data-folder.ts';
import { isUnused, makeDemoAccounts } from './demo-accounts.ts';
import { startMailServices } from './mail-services.ts';
import { awaitStop } from './stop.ts';
import { terminalDestination } from './terminal-log.ts';

/** In all, over all services; the limit per address keeps one guest from taking the whole house. */
const maxConnections = 20_000;
const maxConnectionsPerAddress = 500;
/** How often the number of connections is told, ms: what autoscaling looks at. */
const loadEvery = 60_000;

/** Serves until it is told to stop; then says goodbye to clients, completes what is under way and lets the data folder go. */
export async function serve(context: CommandContext, config: ServeConfig): Promise<CommandOutcome> {
  const log = openLog({
    level: config.logLevel,
    ...(context.stderr.isTTY && { to: terminalDestination(context.stderr) }),
  });
  await using open = new AsyncDisposableStack();
  open.defer(() => log.flush());
  const stop = awaitStop(context, log, config.graceMs);
  open.defer(() => stop.end());
  const startedAt = performance.now();
  log.info({ event: 'process.starting', version: context.version, node: context.nodeVersion });

  const opened = await context.openStore(config.store, {
    existing: 'optional',
    onFailure: stop.storeFailed,
  });
  if (!opened.ok) return failed(opened.error);
  const data = assemble(opened.value, (what, account, cause) =>
    what === 'compaction'
      ? log.error({ event: 'account.compactionFailed', account }, cause)
      : log.with({ account }).error({ event: 'account.unavailable' }, cause),
  );
  // What cannot be recorded now was not acknowledged either: the reason for the end is what is told.
  open.defer(() =>
    data
      .close()
      .catch((cause) => log.error({ event: 'store.fault', store: 'embedded', operation: 'close' }, cause)),
  );

  const up = await startEverything(context, config, data, log, open);
  if (!up.ok) return up;
  context.stdout.write('ready\n');
  log.info({ event: 'process.ready', ms: Math.round(performance.now() - startedAt) });
  // Awaited here: what is open is closed on return.
  return await stop.asked;
}

/** Opens every listener and says how to connect. What it opens is closed with `open`. */
async function startEverything(
  context: CommandContext,
  config: ServeConfig,
  data: Data,
  log: Log,
  open: AsyncDisposableStack,
): Promise<CommandOutcome> {
  const certificate = await openCertificate(config, context.readSecret, log);
  if (!certificate.ok) return certificate;
  open.defer(() => certificate.value.close());
  open.defer(context.onReload(() => void certificate.value.context.reload()));

  const metrics = createMetrics();
  metrics.observe('restante_process_resident_bytes', 'Memory of the process', () =>
    process.memoryUsage.rss(),
  );
  const trusted = config.trustedNetworks;
  const { graceMs } = config;
  const counts = new OpenCounts(maxConnections, maxConnectionsPerAddress);
  const serverName = config.hostname ?? hostname();
  const services = await startMailServices({
    config,
    data,
    authenticator: createAuthenticator({
      directory: data.store.directory,
      hasher: data.hasher,
      remembered: createRememberedPasswords(),
      throttle: createSignInThrottle({ trusted }),
      log,
      metrics,
    }),
    tls: certificate.value.context,
    limits: { counts, trusted, proxies: config.proxies },
    log,
    metrics,
    version: context.version,
    hostname: serverName,
    relay:
      config.smartHost && 'sesRegion' in config.smartHost
        ? createSesRelay(await context.sesSender(config.smartHost.sesRegion))
        : config.smartHost,
    retries: new RetryMemory(),
  });
  if (!services.ok) return failed(namingOption(services.error));
  const state = { ready: false };
  open.defer(async () => {
    state.ready = false;
    await Promise.all(services.value.map((service) => service.close(graceMs)));
  });

  const ports: Guide['ports'] = new Map(
    services.value.flatMap(({ listeners }) =>
      listeners.flatMap(({ service, port }) =>
        serviceNames.filter((name) => name === service).map((name) => [name, port] as const),
      ),
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
    const http = await startHealthHttp({
      host: config.host,
      port: config.ports.http,
      ready: async () => state.ready && (await answers(data)),
      page: () => connectionPage(guide),
      authority: certificate.value.authority,
      metrics,
      log,
      admin: config.adminApi
        ? createAdminApp({
            data,
            hosts: { hostname: serverName, mx: serverName, spf: 'mx' },
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
  state.ready = true;
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
  const load = setInterval(
    () => log.info({ event: 'process.load', connections: counts.total, rss: process.memoryUsage.rss() }),
    loadEvery,
  ).unref();
  open.defer(() => clearInterval(load));
  return ok(undefined);
}

/** Whether the store can be read. */
const answers = (data: Data): Promise<boolean> =>
  data.store.directory.domains().then(
    () => true,
    () => false,
  );

/** `imap: cannot listen on …` names the service, which is also the option that chooses another port. */
function namingOption(message: string): string {
  const name = serviceNames.find((service) => message.startsWith(`${service}:`));
  return name === undefined ? message : `${message}; choose another port with --${name}`;
}
