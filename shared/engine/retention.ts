import { type BlobKey, messageKey } from '../ids.ts';
import { err, ok, type Result } from '../result.ts';
import type { Account } from './account.ts';
import { mayShareObjects } from './apply.ts';
import { restorableRows } from './apply-departures.ts';
import type { Decide } from './decision.ts';
import type { EngineParts } from './engine.ts';
import { type MailError, unavailable } from './mail-error.ts';
import type { Mailbox } from './mailbox.ts';
import { loadWhole } from './mailbox-loader.ts';
import { type Chunk, selectRows } from './rows.ts';
import type { AccountState } from './state.ts';

/** Expunged messages stay restorable this long where the operator says nothing else, ms. */
export const defaultRetention = 14 * 24 * 3600_000;

export interface Purged {
  /** Messages that nothing refers to any more. */
  readonly messages: number;
}

/** When the oldest of what is restorable left, in seconds; undefined where nothing is. Where history is not loaded, perhaps earlier. */
export function oldestDeparture(state: AccountState): number | undefined {
  let oldest = Number.POSITIVE_INFINITY;
  const look = ({ history }: Mailbox) => {
    if (history.stored !== undefined) oldest = Math.min(oldest, history.stored.oldest);
    for (const { rows, time } of history.departures) if (rows.length > 0) oldest = Math.min(oldest, time);
  };
  for (const mailbox of state.mailboxes) look(mailbox);
  for (const { mailbox, time } of state.removedMailboxes) {
    oldest = Math.min(oldest, time);
    look(mailbox);
  }
  return Number.isFinite(oldest) ? oldest : undefined;
}

const isDue = (state: AccountState, cutoff: number): boolean => {
  const oldest = oldestDeparture(state);
  return oldest !== undefined && oldest <= cutoff;
};

/** The numbers of the messages that a purge would give up; they may live on elsewhere. */
function dueMessages(state: AccountState, cutoff: number): Set<number> {
  const due = new Set<number>();
  const old = (mailbox: Mailbox) => {
    for (const { rows, uids, time } of mailbox.departures)
      if (time <= cutoff) for (const row of selectRows(rows, uids)) due.add(row.message);
  };
  for (const mailbox of state.mailboxes) old(mailbox);
  for (const { mailbox, time } of state.removedMailboxes) {
    if (time > cutoff) {
      old(mailbox);
      continue;
    }
    for (const row of restorableRows(mailbox)) due.add(row.message);
    for (const { length, fixed } of mailbox.chunks)
      for (let i = 0; i < length; i++) due.add(fixed.message[i]!);
  }
  return due;
}

const chunksAtOnce = 128;

/** Takes out of `numbers` what a state still refers to, a slice at a time: sessions go on meanwhile. */
export async function removeReferenced(
  numbers: { delete(no: number): unknown; readonly size: number },
  state: AccountState,
  pause: () => Promise<void>,
): Promise<void> {
  let looked = 0;
  const look = async (chunks: readonly Chunk[]): Promise<void> => {
    for (const { length, fixed } of chunks) {
      for (let i = 0; i < length; i++) numbers.delete(fixed.message[i]!);
      if (++looked % chunksAtOnce === 0) await pause();
    }
  };
  const mailboxes = [...state.mailboxes, ...Array.from(state.removedMailboxes, (r) => r.mailbox)];
  for (const mailbox of mailboxes) {
    if (numbers.size === 0) return;
    await look(mailbox.chunks);
    for (const row of restorableRows(mailbox)) numbers.delete(row.message);
  }
}

const purge =
  (cutoff: number): Decide<AccountState> =>
  (state) =>
    ok({
      operations: isDue(state, cutoff) ? [{ kind: 'purge', expungedBefore: cutoff }] : [],
      answer: (committed) => committed.state,
    });

/**
 * Gives up what was expunged at or before `cutoff` (seconds), and then deletes the blobs that nothing refers to any more. First the
 * entry, then the blobs: where no entry was made, nothing is deleted, and what a crash leaves between is an orphan for the sweep.
 */
export async function purgeExpunged(
  account: Account,
  { blobs, sleep }: Pick<EngineParts, 'blobs' | 'sleep'>,
  cutoff: number,
): Promise<Result<Purged, MailError>> {
  try {
    await account.catchUp();
    if (!isDue(account.state, cutoff)) return ok({ messages: 0 });
    const before = await account.whole();
    if (!isDue(before, cutoff)) return ok({ messages: 0 });
    const given = dueMessages(before, cutoff);
    // Asked now: a compaction after the purge no longer knows them.
    const numbers = [...given];
    const emailIds = await account.emailIds(numbers);
    const purged = await account.commit(purge(cutoff), { urgency: 'background' });
    if (!purged.ok) return purged;
    await removeReferenced(given, await loadWhole(blobs, purged.value), () => sleep(0));
    const keys: BlobKey[] = [];
    numbers.forEach((no, i) => {
      if (given.has(no)) keys.push(messageKey(account.id, emailIds[i]!));
    });
    // What may be another's too is left to the sweep, which asks for ids.
    if (keys.length > 0 && !mayShareObjects(purged.value)) await blobs.delete(keys);
    return ok({ messages: keys.length });
  } catch (cause) {
    return err(unavailable(cause));
  }
}
