import type { MailboxId } from '../ids.ts';
import { addMailbox, ancestors } from './apply-mailboxes.ts';
import { addRows, lastUidOfAll, nothing, replace, type Step, seconds } from './apply-rows.ts';
import { purgedHistory, withDeparture, withoutRows } from './departure-list.ts';
import { countRows, everyUid, type Mailbox, presentUids } from './mailbox.ts';
import { removeRows } from './row-edits.ts';
import { countIn, type Row, selectRows } from './rows.ts';
import { SharedVector } from './shared-vector.ts';
import { type AccountState, modSeqAt, type RemovedMailbox } from './state.ts';
import { UidSet } from './uid-set.ts';

/** How messages leave a mailbox, come back within the retention period, and are given up after it. */

export function expunge(state: AccountState, id: MailboxId, wanted: UidSet): Step {
  const mailbox = state.mailboxes.get(id);
  if (mailbox === undefined) return nothing(state);
  const taken = takeOut(state, mailbox, wanted, 'restorable');
  return { state: taken.state, effect: { kind: 'expunged', uids: taken.uids } };
}

/** Takes messages out of a mailbox. Those that live on elsewhere leave nothing to restore. */
export function takeOut(
  state: AccountState,
  mailbox: Mailbox,
  wanted: UidSet,
  rest: 'restorable' | 'elsewhere',
): { readonly state: AccountState; readonly uids: UidSet } {
  const uids = presentUids(mailbox, wanted);
  if (uids.size === 0) return { state, uids };
  const lost = countRows(mailbox.chunks, uids, state.flags);
  const { kept, gone } = removeRows(mailbox.chunks, uids, state.flags);
  const modSeq = modSeqAt(state, state.position);
  const next = mailbox.with({
    highestModSeq: modSeq,
    exists: mailbox.exists - lost.exists,
    unseen: mailbox.unseen - lost.unseen,
    deleted: mailbox.deleted - lost.deleted,
    bytes: mailbox.bytes - lost.bytes,
    hiddenFromPop3: mailbox.hiddenFromPop3.subtract(uids),
    chunks: kept,
    history: withDeparture(
      mailbox,
      { modSeq, time: seconds(state), uids, rows: rest === 'restorable' ? gone : [] },
      state.flags,
    ),
  });
  return {
    uids,
    state: {
      ...replace(state, next),
      usage: { bytes: state.usage.bytes - lost.bytes, messages: state.usage.messages - lost.exists },
    },
  };
}

function purged(mailbox: Mailbox, before: number, modSeq: number): Mailbox {
  const history = purgedHistory(mailbox.history, before, modSeq);
  return history === mailbox.history ? mailbox : mailbox.with({ history });
}

/** Without the rows of what left at or after a time: they are back. */
function returned(mailbox: Mailbox, since: number, modSeq: number): Mailbox {
  const history = withoutRows(mailbox.history, (departure) => departure.time >= since, modSeq);
  return mailbox.with({ history });
}

export function purge(state: AccountState, expungedBefore: number): Step {
  const modSeq = modSeqAt(state, state.position);
  let mailboxes = state.mailboxes;
  for (const mailbox of state.mailboxes) {
    const rest = purged(mailbox, expungedBefore, modSeq);
    if (rest !== mailbox) mailboxes = mailboxes.with(rest);
  }
  const removed = [...state.removedMailboxes].flatMap((r) =>
    r.time <= expungedBefore ? [] : [{ ...r, mailbox: purged(r.mailbox, expungedBefore, modSeq) }],
  );
  return nothing({ ...state, mailboxes, removedMailboxes: SharedVector.of(removed) });
}

/** What a restore brings back: rows in the order of their old UIDs. */
export function returningRows(mailbox: Mailbox, since: number, removedAt?: number): Row[] {
  const rows: Row[] = [];
  if (removedAt !== undefined && removedAt >= since) rows.push(...selectRows(mailbox.chunks, everyUid));
  for (const departure of mailbox.departures)
    if (departure.time >= since) for (const row of selectRows(departure.rows, departure.uids)) rows.push(row);
  return rows.sort((a, b) => a.uid - b.uid);
}

/**
 * Messages come back with new UIDs: to their clients they were gone. They keep flags and dates, but not \Deleted, with which
 * the next EXPUNGE would take them away again. Once back, they are no longer in what left: nothing is restored twice.
 */
export function restore(state: AccountState, id: MailboxId, since: number): Step {
  const mailbox = state.mailboxes.get(id);
  if (mailbox !== undefined) {
    const returning = returningRows(mailbox, since);
    const rest = returned(mailbox, since, modSeqAt(state, state.position));
    return bringBack(replace(state, rest), state, rest, returning);
  }
  const removed = [...state.removedMailboxes].find((r) => r.mailbox.id === id);
  if (removed === undefined || removed.time < since) return nothing(state);
  const returning = returningRows(removed.mailbox, since, removed.time);
  const without = withoutRemoved(state, removed, since);
  const { name, specialUse } = removed.mailbox;
  const existing = without.mailboxes.named(name);
  if (existing !== undefined) return bringBack(without, state, existing, returning);
  let next = without;
  for (const above of ancestors(name))
    if (next.mailboxes.named(above) === undefined) next = addMailbox(next, above, undefined);
  const taken = [...next.mailboxes].some((m) => m.specialUse === specialUse);
  next = addMailbox(next, name, taken ? undefined : specialUse);
  return bringBack(next, state, next.mailboxes.named(name) as Mailbox, returning);
}

/** A deleted mailbox that was restored is kept only for what it still could give back. */
function withoutRemoved(state: AccountState, removed: RemovedMailbox, since: number): AccountState {
  const rest = returned(removed.mailbox, since, modSeqAt(state, state.position));
  const emptied = rest.with({ chunks: [], exists: 0, unseen: 0, deleted: 0, bytes: 0 });
  const more = [...rest.departures].some((d) => d.rows.length > 0);
  const removedMailboxes = SharedVector.of(
    Array.from(state.removedMailboxes).flatMap((r) =>
      r !== removed ? [r] : more ? [{ ...removed, mailbox: emptied }] : [],
    ),
  );
  return { ...state, removedMailboxes };
}

function bringBack(prepared: AccountState, before: AccountState, to: Mailbox, returning: Row[]): Step {
  const last = to.uidNext + returning.length - 1;
  if (last > lastUidOfAll) return nothing(before);
  let { flags: table } = prepared;
  const undeleted = new Map<number, number>();
  const modSeq = modSeqAt(prepared, prepared.position);
  let uid = to.uidNext;
  const rows = returning.map((row): Row => {
    let flags = undeleted.get(row.flags);
    if (flags === undefined) {
      const kept = table.set(row.flags).flags.filter((flag) => flag !== '\\Deleted');
      ({ table, id: flags } = table.intern(kept));
      undeleted.set(row.flags, flags);
    }
    return { ...row, uid: uid++, flags, modSeq };
  });
  return {
    state: addRows({ ...prepared, flags: table }, to, rows),
    effect: {
      kind: 'restored',
      to: to.id,
      uidValidity: to.uidValidity,
      uids: rows.length === 0 ? UidSet.empty : UidSet.ofRanges([[to.uidNext, last]]),
    },
  };
}

/** Messages that a mailbox no longer holds but can still give back, with the flags they had. */
export function* restorableRows(mailbox: Mailbox): Generator<Row> {
  for (const departure of mailbox.departures) yield* selectRows(departure.rows, departure.uids);
}

/** How many messages a state could still bring back; those in deleted mailboxes among them. */
export function restorableCount(state: AccountState): number {
  let count = 0;
  const look = ({ history }: Mailbox) => {
    count += history.stored?.restorable ?? 0;
    for (const { rows, uids } of history.departures) count += countIn(rows, uids);
  };
  for (const mailbox of state.mailboxes) look(mailbox);
  for (const { mailbox } of state.removedMailboxes) {
    count += mailbox.exists;
    look(mailbox);
  }
  return count;
}

/** Every message number that a state still needs: in mailboxes, restorable, or in a mailbox deleted a short time ago. */
export function* referencedMessages(state: AccountState): Generator<number> {
  const removed = Array.from(state.removedMailboxes, (r) => r.mailbox);
  for (const mailbox of [...state.mailboxes, ...removed]) {
    for (const row of selectRows(mailbox.chunks, everyUid)) yield row.message;
    for (const row of restorableRows(mailbox)) yield row.message;
  }
}
