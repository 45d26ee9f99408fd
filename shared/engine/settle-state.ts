import type { History, Mailbox, MailboxRows } from './mailbox.ts';
import { anyMailbox } from './mailbox-loader.ts';
import { chunkFrom } from './row-edits.ts';
import { firstUid, lastUid, lowerBound } from './rows.ts';
import { SharedVector } from './shared-vector.ts';
import { type AccountState, MailboxTable, modSeqAt } from './state.ts';

/** A state as it says, what is not loaded of it taken from a newer snapshot that it has passed: less is held beside it. */
export function settleState(state: AccountState, snapshot: AccountState): AccountState {
  const settle = (mailbox: Mailbox): Mailbox => {
    const { rows, history } = mailbox;
    if (rows.stored === undefined && history.stored === undefined) return mailbox;
    const stored = anyMailbox(snapshot, mailbox.id);
    if (stored === undefined) return mailbox;
    const since = modSeqAt(snapshot, snapshot.position);
    return mailbox.with({
      rows: settledRows(rows, stored.rows, state),
      history: settledHistory(history, stored.history, since),
    });
  };
  return {
    ...state,
    mailboxes: MailboxTable.of(Array.from(state.mailboxes, settle)),
    removedMailboxes: SharedVector.of(
      Array.from(state.removedMailboxes, (removed) => ({ ...removed, mailbox: settle(removed.mailbox) })),
    ),
  };
}

function settledRows(
  { stored, chunks }: MailboxRows,
  settled: MailboxRows,
  { flags }: AccountState,
): MailboxRows {
  if (stored === undefined || settled.stored === undefined) return { stored, chunks };
  const { uidNext } = settled.stored;
  const young = chunks.flatMap((chunk) => {
    if (lastUid(chunk) < uidNext) return [];
    return [firstUid(chunk) >= uidNext ? chunk : chunkFrom(chunk, lowerBound(chunk, uidNext), flags)];
  });
  return { stored: settled.stored, chunks: young };
}

function settledHistory(history: History, settled: History, since: number): History {
  if (history.stored === undefined) return history;
  const purges = history.stored.purges.filter((purge) => purge.modSeq > since);
  const departures = SharedVector.of(
    Array.from(history.departures).filter((departure) => departure.modSeq > since),
  );
  const { from } = settled;
  if (settled.stored === undefined) return { ...history, stored: undefined, departures, from };
  const oldest = Math.max(settled.stored.oldest, ...purges.map((purge) => purge.before + 1));
  return { ...history, stored: { ...settled.stored, oldest, purges }, departures, from };
}
