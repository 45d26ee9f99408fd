import { createHash, type Hash } from 'node:crypto';
import { isOver } from './departure-list.ts';
import type { FlagTable } from './flag-table.ts';
import { everyUid, type Mailbox } from './mailbox.ts';
import { type Row, selectRows } from './rows.ts';
import type { AccountState } from './state.ts';
import { UidSet } from './uid-set.ts';

/**
 * What a state says, as a hash in hex: equal for equal contents however they are laid out in memory or were stored, so that a state
 * kept by snapshots can be compared with one that is replayed from every entry.
 */
export function stateDigest(state: AccountState): string {
  const hash = createHash('sha256');
  const { position, time, modSeqBase, nextMessage, nextMailbox, lastUidValidity, usage, limits } = state;
  line(hash, [position, time, modSeqBase, nextMessage, nextMailbox, lastUidValidity]);
  line(hash, [usage.bytes, usage.messages, limits.bytes ?? null]);
  line(hash, [...state.subscriptions].sort());
  line(hash, [...state.metadata].sort(byFirst));
  // Of an id that came again after its time, the younger counts.
  const deliveries = new Map(state.deliveries.live(Math.floor(time / 1000)));
  line(hash, [...deliveries].sort(byFirst));
  for (const mailbox of state.mailboxes) digestMailbox(hash, state, mailbox);
  for (const removed of state.removedMailboxes) {
    line(hash, ['removed', removed.time]);
    digestMailbox(hash, state, removed.mailbox);
  }
  return hash.digest('hex');
}

function digestMailbox(hash: Hash, { flags, time }: AccountState, mailbox: Mailbox): void {
  const { id, name, specialUse, uidValidity, uidNext, highestModSeq, recentFrom } = mailbox;
  line(hash, [id, name, specialUse ?? null, uidValidity, uidNext, highestModSeq, recentFrom]);
  const { exists, unseen, deleted, bytes, keywords, hiddenFromPop3 } = mailbox;
  line(hash, [exists, unseen, deleted, bytes, keywords, String(hiddenFromPop3)]);
  digestRows(hash, flags, selectRows(mailbox.chunks, everyUid));
  for (const departure of departures(mailbox)) {
    // A snapshot may have forgotten it.
    if (isOver(departure, Math.floor(time / 1000))) continue;
    line(hash, ['left', departure.modSeq, departure.time, String(departure.uids)]);
    digestRows(hash, flags, departure.rows);
  }
}

interface Departed {
  readonly modSeq: number;
  readonly time: number;
  readonly uids: UidSet;
  /** What can come back. */
  readonly rows: readonly Row[];
}

/** What left with one entry, as one. */
function departures(mailbox: Mailbox): Iterable<Departed> {
  const byModSeq = new Map<number, Departed>();
  for (const { modSeq, time, uids, rows } of mailbox.departures) {
    const known = byModSeq.get(modSeq);
    const all = [...(known?.rows ?? []), ...selectRows(rows, uids)].sort((a, b) => a.uid - b.uid);
    byModSeq.set(modSeq, { modSeq, time, uids: uids.union(known?.uids ?? UidSet.empty), rows: all });
  }
  return byModSeq.values();
}

function digestRows(hash: Hash, flags: FlagTable, rows: Iterable<Row>): void {
  const lines: string[] = [];
  for (const row of rows) {
    const { uid, size, internalDate, saveDate, message, modSeq } = row;
    const set = JSON.stringify(flags.set(row.flags).flags);
    lines.push(`${uid} ${size} ${internalDate} ${saveDate} ${message} ${modSeq} ${set}`);
    if (lines.length === 1024) hash.update(`${lines.splice(0).join('\n')}\n`);
  }
  hash.update(`${lines.join('\n')}\n.\n`);
}

const line = (hash: Hash, values: readonly unknown[]): void => {
  hash.update(`${JSON.stringify(values)}\n`);
};

const byFirst = (a: readonly [string, unknown], b: readonly [string, unknown]): number =>
  a[0] < b[0] ? -1 : 1;
