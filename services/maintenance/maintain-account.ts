import type { Account } from '../../shared/engine/account.ts';
import { sweepOrphans } from '../../shared/engine/collector.ts';
import type { EngineParts } from '../../shared/engine/engine.ts';
import { needsIdleCompaction } from '../../shared/engine/idle-compaction.ts';
import { purgeExpunged } from '../../shared/engine/retention.ts';
import { trimFolded } from '../../shared/engine/trim.ts';
import { type Clearing, clearOld } from './clear-old.ts';
import { gentleBlobs } from './gentle-blobs.ts';
import { noticeQuota } from './quota-notice.ts';
import type { QuotaNotices } from './quota-wording.ts';

/** What is done to an account, in this order. */
export type Step = 'clear' | 'notice' | 'purge' | 'compact' | 'trim' | 'sweep';

export interface AccountTask {
  /** Expunged messages are kept this long, ms. */
  readonly retention: number;
  /** How long messages stay in the mailboxes of a special use, ms; those without are left alone. */
  readonly clear?: Clearing | undefined;
  /** Where the owner is told that the quota is used up; nowhere unless given. */
  readonly address?: string | undefined;
  /** In which words; English ones unless given. */
  readonly notices?: QuotaNotices | undefined;
  /** Whether orphans are looked for too: the one step whose cost is that of all that the account holds. */
  readonly sweep: boolean;
  readonly stop: AbortSignal;
}

/** What was done to one account. */
export interface AccountOutcome {
  /** Messages of Trash and Junk that were old enough to go: they are expunged, and can be restored yet. */
  cleared: number;
  /** The owner was told that the account is full or nearly so. */
  noticed: boolean;
  /** Messages given up because their retention was over. */
  purged: number;
  compacted: boolean;
  trimmed: boolean;
  /** Orphans deleted. */
  swept: { readonly objects: number; readonly bytes: number };
  readonly failures: readonly { readonly step: Step; readonly cause: unknown }[];
}

/** Everything that is due for one account. A step that fails is told and does not keep the next ones from being done. */
export async function maintainAccount(
  account: Account,
  parts: EngineParts,
  { retention, clear = {}, address, notices, sweep, stop }: AccountTask,
): Promise<AccountOutcome> {
  const failures: { step: Step; cause: unknown }[] = [];
  const outcome: AccountOutcome = {
    cleared: 0,
    noticed: false,
    purged: 0,
    compacted: false,
    trimmed: false,
    swept: { objects: 0, bytes: 0 },
    failures,
  };
  const gentle = { ...parts, blobs: gentleBlobs(parts.blobs, () => parts.sleep(0)) };
  const now = parts.entropy.now();

  const steps: Record<Step, () => Promise<void>> = {
    async clear() {
      outcome.cleared = await clearOld(account, clear, now);
    },
    async notice() {
      if (address !== undefined) outcome.noticed = await noticeQuota(account, address, now, notices);
    },
    async purge() {
      const purged = await purgeExpunged(account, gentle, Math.floor((now - retention) / 1000));
      if (!purged.ok) throw new Error(`purge: ${purged.error.kind}`, { cause: purged.error });
      outcome.purged = purged.value.messages;
    },
    async compact() {
      if (!needsIdleCompaction(account, now)) return;
      const before = account.snapshot;
      await account.compact();
      outcome.compacted = account.snapshot !== before;
    },
    async trim() {
      outcome.trimmed = await trimFolded(account, gentle);
    },
    async sweep() {
      if (sweep) outcome.swept = await sweepOrphans(account, gentle, stop);
    },
  };
  for (const [step, run] of Object.entries(steps) as [Step, () => Promise<void>][]) {
    if (stop.aborted) break;
    try {
      await run();
    } catch (cause) {
      failures.push({ step, cause });
    }
  }
  return outcome;
}
