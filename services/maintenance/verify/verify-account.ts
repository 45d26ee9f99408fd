import type { MailEngine } from '../../../shared/engine/engine.ts';
import type { AccountId } from '../../../shared/ids.ts';
import { gentleBlobs } from '../gentle-blobs.ts';
import { checkClusters } from './check-clusters.ts';
import { checkCounters } from './check-counters.ts';
import { checkLog } from './check-log.ts';
import { checkMessages, type MessageCounts } from './check-messages.ts';
import { because, type Finding, Findings } from './findings.ts';

export interface Verdict {
  /** The last entry that was taken into account. */
  readonly position: number;
  /** Every entry after this one was applied again; 0: all there ever were. */
  readonly replayedFrom: number;
  readonly counts: MessageCounts;
  /** How many differences there are; the first thousand of them are in `findings`. */
  readonly differences: number;
  readonly findings: readonly Finding[];
}

/** What is found while a server works on the account is only believed when it is found again on what is there then. */
const attempts = 3;

/**
 * Whether an account's log, snapshot, counters, header records and messages agree. Changes nothing. 'deep' reads every message as well.
 */
export async function verifyAccount(
  engine: MailEngine,
  id: AccountId,
  depth: 'shallow' | 'deep',
): Promise<Verdict> {
  for (let attempt = 1, position = -1; ; attempt++) {
    const verdict = await verifyOnce(engine, id, depth);
    const still = attempt > 1 && verdict.position === position;
    if (verdict.differences === 0 || still || attempt === attempts) return verdict;
    position = verdict.position;
  }
}

async function verifyOnce(engine: MailEngine, id: AccountId, depth: 'shallow' | 'deep'): Promise<Verdict> {
  const opened = await engine.open(id, 'passing');
  if (!opened.ok)
    return unreadable(opened.error.kind === 'unavailable' ? opened.error.cause : opened.error.kind);
  const { account, release } = opened.value;
  const { parts } = engine;
  const findings = new Findings();
  const gentle = { ...parts, blobs: gentleBlobs(parts.blobs, () => parts.sleep(0)) };
  try {
    const { position } = account.state;
    const replayedFrom = await checkLog(account, gentle, findings);
    checkCounters(await account.whole(), findings);
    const counts = await checkMessages(account, gentle, depth, findings);
    await checkClusters(account, gentle, findings);
    return { position, replayedFrom, counts, differences: findings.count, findings: findings.told };
  } catch (cause) {
    return unreadable(cause);
  } finally {
    release();
  }
}

const unreadable = (cause: unknown): Verdict => ({
  position: 0,
  replayedFrom: 0,
  counts: { messages: 0, bytes: 0, orphans: { objects: 0, bytes: 0 }, read: 0, parsedOtherwise: 0 },
  differences: 1,
  findings: [{ checked: 'snapshot', what: `it cannot be read: ${because(cause)}` }],
});
