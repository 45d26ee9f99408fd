import { setImmediate as turn } from 'node:timers/promises';

/** Values handled in one go by work in the background: about a millisecond's worth. */
export const atOnce = 16_384;

/** What background work has done in this process since sessions last had their turn; for tests also how much it ever was, and in all. */
export const pace = { since: 0, most: 0, total: 0 };

/** Lets sessions have their turn. @throws the signal's reason where background work is given up. */
export async function yieldToSessions(giveUp: AbortSignal): Promise<void> {
  giveUp.throwIfAborted();
  await turn();
}

/**
 * Says that background work has handled some rows, or values of a column, and lets sessions have their turn where that is due: whatever
 * grows with a mailbox is done in steps of at most `atOnce`, with this between. One count for the process, as it has one event loop.
 */
export async function worked(values: number): Promise<void> {
  pace.since += values;
  pace.total += values;
  pace.most = Math.max(pace.most, pace.since);
  if (pace.since < atOnce) return;
  pace.since = 0;
  await turn();
}
