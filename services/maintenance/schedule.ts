import type { Leases } from '../../shared/ports/leases.ts';
import type { Clearing } from './clear-old.ts';
import { HeldLease } from './held-lease.ts';
import type { MaintenanceParts } from './parts.ts';
import { type PassReport, runPass } from './pass.ts';
import type { QuotaNotices } from './quota-wording.ts';

const minute = 60_000;
const hour = 60 * minute;

export interface MaintenanceOptions {
  /** Expunged messages are kept this long, ms. */
  readonly retention: number;
  /** How long messages stay in Trash and Junk, ms; those without are left alone. */
  readonly clear?: Clearing | undefined;
  /** What owners of full accounts are told; in English unless given. */
  readonly notices?: QuotaNotices | undefined;
  /** From the end of a pass to the next, over all processes that share the store, ms; 6 hours unless given. */
  readonly every?: number;
  /** The same for the sweep of orphans; 7 days unless given. */
  readonly sweepEvery?: number;
  /** Accounts worked on at once; 1 unless given, which suits a store in this process. */
  readonly concurrency?: number;
}

export interface Maintenance {
  /** Resolves when no pass is under way. */
  idle(): Promise<void>;
  /** No pass begins any more; resolves when the one under way has ended at the next place where it can, or after `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

/** What a crashed process leaves is free again after this, ms. */
const leaseTime = 5 * minute;

/**
 * Passes over all accounts, one at a time over all processes: a lease is held during a pass, and kept until the next one is due (or the
 * process ends, where the store frees its leases then: a pass too many does no harm). When a
 * process looks for that lease varies by chance, so that processes started together do not all come at once.
 */
export function startMaintenance(
  parts: MaintenanceParts & { readonly leases: Leases },
  options: MaintenanceOptions,
): Maintenance {
  const { timers, log } = parts;
  const {
    retention,
    clear,
    notices,
    every = 6 * hour,
    sweepEvery = 7 * 24 * hour,
    concurrency = 1,
  } = options;
  const stop = new AbortController();
  const record = recorder(parts);
  let running: Promise<void> = Promise.resolve();
  let cancel = () => {};
  const { entropy } = parts.engine.parts;
  const chance = () => Buffer.from(entropy.bytes(2)).readUInt16LE() / 65_536;

  const lookAgain = (ms: number): void => {
    if (stop.signal.aborted) return;
    cancel = timers.after(ms, () => {
      running = attempt()
        .catch((cause) => log.error({ event: 'maintenance.failed', account: undefined, step: 'pass' }, cause))
        .finally(() => lookAgain((every / 6) * (0.75 + chance() / 2)));
    });
  };

  const attempt = async (): Promise<void> => {
    const holder = Buffer.from(entropy.bytes(8)).toString('hex');
    const acquire = async (name: string) =>
      stop.signal.aborted
        ? undefined
        : await HeldLease.acquire(parts.leases, timers, `maintenance/${name}`, holder, leaseTime);
    const pass = await acquire('pass');
    if (pass === undefined) return;
    const sweep = await acquire('sweep');
    const startedAt = timers.now();
    let done = false;
    try {
      const signal = AbortSignal.any([stop.signal, pass.lost]);
      const task = { retention, clear, notices, sweep: sweep !== undefined, concurrency, stop: signal };
      const report = await runPass(parts, task);
      done = !signal.aborted;
      record(report, done ? 'done' : 'stopped', timers.now() - startedAt);
    } finally {
      await Promise.all([pass.end(done ? every : 0), sweep?.end(done ? sweepEvery : 0)]);
    }
  };

  lookAgain(minute * (1 + 2 * chance()));
  return {
    idle: () => running,
    async stop(graceMs) {
      stop.abort();
      cancel();
      await Promise.race([
        running,
        new Promise<void>((resolve) => void setTimeout(resolve, graceMs).unref()),
      ]);
    },
  };
}

/** Tells each pass to the log and the metrics. */
function recorder({ log, metrics, timers }: MaintenanceParts) {
  const passes = metrics.counter('restante_maintenance_passes_total', 'Passes over all accounts', [
    'outcome',
  ]);
  const purged = metrics.counter(
    'restante_maintenance_purged_messages_total',
    'Messages whose retention ended',
  );
  const compacted = metrics.counter(
    'restante_maintenance_compacted_total',
    'Idle accounts whose log was folded',
  );
  const objects = metrics.counter(
    'restante_maintenance_swept_objects_total',
    'Objects that nothing referred to',
  );
  const bytes = metrics.counter('restante_maintenance_swept_bytes_total', 'Bytes of those objects');
  const removed = metrics.counter(
    'restante_maintenance_removed_accounts_total',
    'Removed accounts collected',
  );
  const failures = metrics.counter('restante_maintenance_failures_total', 'Steps of maintenance that failed');
  const last = metrics.gauge(
    'restante_maintenance_last_pass_seconds',
    'When the last complete pass of this process ended, seconds since 1970',
  );
  return (report: PassReport, outcome: 'done' | 'stopped', ms: number): void => {
    passes.add({ outcome });
    purged.add({}, report.purged);
    compacted.add({}, report.compacted);
    objects.add({}, report.swept);
    bytes.add({}, report.bytes);
    removed.add({}, report.removed);
    failures.add({}, report.failures);
    if (outcome === 'done') last.set({}, Math.floor(timers.now() / 1000));
    log.info({ event: 'maintenance.pass', outcome, ...report, ms });
  };
}
