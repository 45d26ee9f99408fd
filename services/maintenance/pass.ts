import { collectRemovedAccount } from '../../shared/engine/collector.ts';
import { type AccountId, outboxAccount } from '../../shared/ids.ts';
import type { AccountRecord, Directory } from '../../shared/ports/directory.ts';
import { gentleBlobs } from './gentle-blobs.ts';
import { type AccountOutcome, type AccountTask, maintainAccount } from './maintain-account.ts';
import type { MaintenanceParts } from './parts.ts';
import { pause } from './timers.ts';

export interface PassTask extends Omit<AccountTask, 'sweep' | 'address'> {
  /** Whether orphans are looked for too, in all accounts or in some. */
  readonly sweep: boolean | ((account: AccountId) => boolean);
  /** Whose turn it is; everybody's unless given. */
  readonly wanted?: (account: AccountId) => boolean;
  /** Accounts worked on at once. */
  readonly concurrency: number;
}

/** What a pass did, in sums over all accounts. */
export interface PassReport {
  accounts: number;
  /** Messages of Trash and Junk that were old enough to go. */
  cleared: number;
  /** Owners who were told that their account is full or nearly so. */
  noticed: number;
  /** Messages whose retention was over. */
  purged: number;
  /** Accounts whose log was folded. */
  compacted: number;
  /** Accounts of which folded entries or replaced objects were deleted. */
  trimmed: number;
  /** Orphans, and the objects of removed accounts, with their bytes. */
  swept: number;
  bytes: number;
  /** Removed accounts of which nothing is left. */
  removed: number;
  failures: number;
}

/** The longest rest after one account, ms. */
const longestRest = 60_000;

/**
 * Goes once through all accounts. Each worker rests after an account as long as that took: people come first. What fails is told in the log and counted; the pass goes on. Ends early when `task.stop` is aborted.
 */
export async function runPass(parts: MaintenanceParts, task: PassTask): Promise<PassReport> {
  const report: PassReport = {
    accounts: 0,
    cleared: 0,
    noticed: 0,
    purged: 0,
    compacted: 0,
    trimmed: 0,
    swept: 0,
    bytes: 0,
    removed: 0,
    failures: 0,
  };
  await collectRemoved(parts, task, report);
  const accounts = everyone(parts.directory);
  const work = async (): Promise<void> => {
    while (!task.stop.aborted) {
      const next = await accounts.next();
      if (next.done) return;
      if (task.wanted?.(next.value.id) === false) continue;
      const startedAt = parts.timers.now();
      await maintainOne(parts, task, next.value, report);
      await parts.engine.parts.sleep(0);
      const rest = Math.min(parts.timers.now() - startedAt, longestRest);
      if (rest > 0) await pause(parts.timers, rest, task.stop);
    }
  };
  await Promise.all(Array.from({ length: task.concurrency }, work));
  return report;
}

/** Whose turn it may be: an account of the directory, or the outbox, which has no address. */
type Visited = Pick<AccountRecord, 'id'> & Partial<Pick<AccountRecord, 'address'>>;

async function* everyone(directory: Directory): AsyncGenerator<Visited, undefined> {
  for (let after: string | undefined; ; ) {
    const { items, next } = await directory.accounts(after);
    yield* items;
    if (next === undefined) break;
    after = next;
  }
  yield { id: outboxAccount };
}

async function maintainOne(
  { engine, log }: MaintenanceParts,
  task: PassTask,
  { id, address }: Visited,
  report: PassReport,
): Promise<void> {
  const opened = await engine.open(id, 'passing');
  if (address !== undefined) report.accounts++;
  if (!opened.ok) {
    report.failures++;
    log.error({ event: 'maintenance.failed', account: id, step: 'open' }, opened.error);
    return;
  }
  const { account, release } = opened.value;
  try {
    const sweep = typeof task.sweep === 'boolean' ? task.sweep : task.sweep(id);
    const outcome = await maintainAccount(account, engine.parts, {
      ...task,
      // Nobody restores what was sent on.
      retention: id === outboxAccount ? 0 : task.retention,
      address,
      sweep,
    });
    // What the last commit started belongs to this visit: nobody else waits for it.
    await account.settle();
    tally(report, outcome);
    for (const { step, cause } of outcome.failures)
      if (!task.stop.aborted) log.error({ event: 'maintenance.failed', account: id, step }, cause);
    const { cleared, noticed, purged, compacted, trimmed, swept } = outcome;
    if (cleared > 0 || noticed || purged > 0 || compacted || trimmed || swept.objects > 0)
      log.info({
        event: 'maintenance.account',
        account: id,
        cleared,
        noticed,
        purged,
        compacted,
        trimmed,
        ...sweptFields(swept),
      });
  } finally {
    release();
  }
}

const sweptFields = ({ objects, bytes }: { readonly objects: number; readonly bytes: number }) => ({
  swept: objects,
  bytes,
});

function tally(
  report: PassReport,
  { cleared, noticed, purged, compacted, trimmed, swept, failures }: AccountOutcome,
): void {
  report.cleared += cleared;
  report.noticed += noticed ? 1 : 0;
  report.purged += purged;
  report.compacted += compacted ? 1 : 0;
  report.trimmed += trimmed ? 1 : 0;
  report.swept += swept.objects;
  report.bytes += swept.bytes;
  report.failures += failures.length;
}

/** Those that fail come again with the next pass. */
async function collectRemoved(
  { engine, removedAccounts, log }: MaintenanceParts,
  { stop }: PassTask,
  report: PassReport,
): Promise<void> {
  const { parts } = engine;
  const gentle = { log: parts.log, blobs: gentleBlobs(parts.blobs, () => parts.sleep(0)) };
  const tried = new Set<AccountId>();
  for (;;) {
    const removed = (await removedAccounts()).filter((id) => !tried.has(id));
    if (removed.length === 0) return;
    for (const id of removed) {
      if (stop.aborted) return;
      tried.add(id);
      try {
        const { done, objects, bytes } = await collectRemovedAccount(id, gentle, stop);
        report.swept += objects;
        report.bytes += bytes;
        if (!done) return;
        report.removed++;
        log.info({ event: 'maintenance.removed', account: id, swept: objects, bytes });
      } catch (cause) {
        report.failures++;
        log.error({ event: 'maintenance.failed', account: id, step: 'collect' }, cause);
      }
    }
  }
}
