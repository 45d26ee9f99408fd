import { setTimeout as sleep } from 'node:timers/promises';
import { openTlsContext } from '../../../shared/net/tls-context.ts';
import { ok } from '../../../shared/result.ts';
import { openLog } from '../../../shared/telemetry/log.ts';
import { createMetrics } from '../../../shared/telemetry/metrics.ts';
import { assemble, closeServed, logEngineFaults } from '../assemble.ts';
import type { ServeConfig } from '../config.ts';
import type { CommandContext, CommandOutcome, FirstProcess } from '../context.ts';
import { type DrainTimes, drain } from '../drain.ts';
import { portsOf, startServices } from '../mail-side.ts';
import { openOutgoing } from '../outgoing.ts';
import { awaitStop } from '../stop.ts';
import type { FromWorker, News, WorkerOrders } from './news.ts';
import { Outbox } from './outbox.ts';
import { SharedNotifier, type SharedState, shareState } from './shared-state.ts';

/** What the first process asks for, each with what is to be done then. */
interface Wishes {
  stop: (times: DrainTimes) => void;
  reload: () => void;
  figures: () => void;
  news: (news: News) => void;
}

/** Greets the first process; resolves to what it wants of this one. News come after that, and find their place set. */
function orderedBy(
  first: FirstProcess,
  wishes: Wishes,
  config: ServeConfig,
): Promise<{ readonly orders: WorkerOrders; readonly outbox: Outbox; readonly state: SharedState }> {
  return new Promise((resolve) => {
    first.onMessage((message) => {
      switch (message.kind) {
        case 'orders': {
          const { orders } = message;
          const outbox = new Outbox((news, sent) => first.send({ kind: 'news', news }, sent));
          const secret = Buffer.from(orders.secret, 'base64');
          const state = shareState(outbox, config, secret);
          wishes.news = (news) => state.take(news);
          resolve({ orders, outbox, state });
          return;
        }
        case 'news':
          wishes.news(message.news);
          return;
        case 'stop':
          wishes.stop(message.times);
          return;
        default:
          wishes[message.kind]();
      }
    });
    first.send({ kind: 'hello' });
  });
}

/**
 * Serves clients for the process that started this one, on its ports. Signals are that process's business: what a terminal or a
 * supervisor sends to all processes of a group reaches it, too.
 */
export async function serveAsWorker(
  context: CommandContext,
  config: ServeConfig,
  first: FirstProcess,
): Promise<CommandOutcome> {
  await using open = new AsyncDisposableStack();
  open.defer(context.onSignal(() => {}));
  open.defer(context.onReload(() => {}));
  // Until there is anything to stop, the end is simple.
  const wishes: Wishes = {
    stop: () => context.exit(0),
    reload() {},
    figures() {},
    news() {},
  };
  const { orders, outbox, state } = await orderedBy(first, wishes, config);
  // The first process opens the ports and says so.
  const log = openLog({ level: config.logLevel, fields: { worker: orders.worker }, leaveOut: 'listener.up' });
  open.defer(() => log.flush());
  let times: DrainTimes = { noticeMs: 0, graceMs: config.graceMs };
  const onSignal: CommandContext['onSignal'] = (listener) => {
    wishes.stop = (asked) => {
      times = asked;
      listener('stop');
    };
    return () => {
      wishes.stop = () => {};
    };
  };
  const stop = awaitStop({ ...context, onSignal }, log, config);
  open.defer(() => stop.end());
  /** The first process tells the reason to whoever waits for the server. */
  const cannotStart = async (message: string): Promise<CommandOutcome> => {
    await tell(first, { kind: 'failed', message });
    return ok(undefined);
  };

  const opened = await context.openStore(config.store, {
    existing: 'optional',
    onFailure: stop.storeFailed,
  });
  if (!opened.ok) return cannotStart(opened.error);
  const notifier = new SharedNotifier(opened.value.notifier, outbox);
  wishes.news = (news) => {
    state.take(news);
    notifier.take(news);
  };
  const data = assemble({ ...opened.value, notifier }, logEngineFaults(log), {
    processes: config.workers,
    forwardOutside: config.forwardOutside,
  });
  open.defer(() => closeServed(data, log));

  const { certFile, keyFile } = orders;
  const tls = await openTlsContext({ certFile, keyFile, log });
  if (!tls.ok) return cannotStart(tls.error);
  open.defer(() => tls.value.close());
  wishes.reload = () => void tls.value.reload();

  const metrics = createMetrics();
  wishes.figures = () =>
    first.send({
      kind: 'figures',
      figures: { rss: process.memoryUsage.rss(), page: metrics.render() },
    });
  metrics.observe('restante_process_resident_bytes', 'Memory of the process, or of all of them', () =>
    process.memoryUsage.rss(),
  );
  const services = await startServices({
    ...{ context, config, data, state, metrics },
    outgoing: await openOutgoing(context, config, data),
    tls: tls.value,
    log,
  });
  if (!services.ok) return cannotStart(services.error);
  await tell(first, { kind: 'ready', ports: portsOf(services.value) });
  const outcome = await stop.asked;
  await drain(services.value, times, sleep);
  return outcome;
}

const tell = (first: FirstProcess, message: FromWorker): Promise<void> =>
  new Promise((resolve) => first.send(message, resolve));
