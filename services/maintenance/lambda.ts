/** The Lambda function that does maintenance by the hour: here the adapters are chosen and the environment is read. */
import type { Context } from 'aws-lambda';
import type { AccountId } from '../../shared/ids.ts';
import { createMetrics } from '../../shared/telemetry/metrics.ts';
import { engineOnAws, storeFromEnvironment } from '../serverless/environment.ts';
import { type PassReport, runPass } from './pass.ts';
import { quotaNotices } from './quota-wording.ts';
import type { Timers } from './timers.ts';
import { turnOf } from './turn.ts';

const day = 24 * 3600_000;
/** What is left when no account is begun any more. */
const spareMs = 60_000;
/** Accounts wait for the network nearly all the time. */
const concurrency = 16;

/** Unlike the server's, these keep the process going: Lambda ends a function whose event loop has run empty, waiting or not. */
const timers: Timers = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

function daysFrom(name: string): number {
  const days = Number(process.env[name]);
  if (!Number.isInteger(days) || days < 1) throw new Error(`${name} is to be a number of days`);
  return days * day;
}

/** Every account has an hour of the day, and for the sweep of orphans a day of the week: what is done is spread over both. */
export async function handler(
  _event: unknown,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<PassReport> {
  const { store, log } = await storeFromEnvironment(process.env);
  const engine = engineOnAws(store, log);
  const now = new Date();
  const stop = AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - spareMs));
  const parts = {
    engine,
    directory: store.directory,
    removedAccounts: () => store.removedAccounts(),
    timers,
    log,
    metrics: createMetrics(),
  };
  const task = {
    retention: daysFrom('RESTANTE_RETENTION_DAYS'),
    clear: { '\\Trash': daysFrom('RESTANTE_TRASH_DAYS'), '\\Junk': daysFrom('RESTANTE_JUNK_DAYS') },
    notices: quotaNotices[process.env.RESTANTE_NOTICE_LANGUAGE || 'en'],
    wanted: (account: AccountId) => turnOf(account).hour === now.getUTCHours(),
    sweep: (account: AccountId) => turnOf(account).weekday === now.getUTCDay(),
    concurrency,
    stop,
  };
  try {
    const report = await runPass(parts, task);
    log.info({
      event: 'maintenance.pass',
      outcome: stop.aborted ? 'stopped' : 'done',
      ...report,
      ms: Date.now() - now.getTime(),
    });
    return report;
  } finally {
    await engine.close();
    await store.close();
  }
}
