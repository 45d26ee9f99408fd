import type { FlagTable } from './flag-table.ts';
import type { Departure, History, Mailbox } from './mailbox.ts';
import { appendRows } from './row-edits.ts';
import { type Row, selectRows } from './rows.ts';
import { SharedVector } from './shared-vector.ts';
import type { Purge } from './stored-rows.ts';
import { UidSet } from './uid-set.ts';

/** Departures that a mailbox's history holds at most; then the older half becomes one. Part of the rules: every replay does the same. */
export const maxDepartures = 2048;

/** What left a mailbox is known for a year, seconds, and as long as it can come back: a snapshot may forget what is older. */
const historyKept = 365 * 24 * 3600;

/** How many of a history, the oldest first, may be forgotten at a time, seconds since 1970. */
export function forgettable(departures: readonly Departure[], now: number): number {
  let count = 0;
  while (count < departures.length && isOver(departures[count]!, now)) count++;
  return count;
}

/** Whether a departure says nothing any more. */
export const isOver = (
  { time, rows }: { readonly time: number; readonly rows: readonly unknown[] },
  now: number,
): boolean => time <= now - historyKept && rows.length === 0;

/**
 * The history with what leaves now. What may be forgotten counts for nothing: one process holds it still, another has opened a snapshot that forgot
 * it, and both have to make the same of what is left. @throws RowsNeeded
 */
export function withDeparture(mailbox: Mailbox, departure: Departure, flags: FlagTable): History {
  const { history } = mailbox;
  const pushed = () => ({ ...history, departures: history.departures.push(departure) });
  if ((history.stored?.count ?? 0) + history.departures.length < maxDepartures) return pushed();
  const all = [...mailbox.departures];
  const forgotten = forgettable(all, departure.time);
  if (all.length - forgotten < maxDepartures) return pushed();
  const known = all.slice(forgotten);
  const old = known.splice(0, maxDepartures / 2);
  return {
    ...history,
    from: forgotten > 0 ? Math.max(history.from, all[forgotten - 1]!.modSeq) : history.from,
    departures: SharedVector.of([joined(old, flags), ...known, departure]),
    rewritten: departure.modSeq,
  };
}

/** As if all had left when the youngest did: who asks for less is told of more, and nothing is forgotten early. */
function joined(departures: readonly Departure[], flags: FlagTable): Departure {
  const { modSeq, time } = departures.at(-1)!;
  const rows: Row[] = [];
  for (const departure of departures)
    for (const row of selectRows(departure.rows, departure.uids)) rows.push(row);
  rows.sort((a, b) => a.uid - b.uid);
  const uids = UidSet.unionOf(departures.map((departure) => departure.uids));
  return { modSeq, time, uids, rows: appendRows([], rows, flags) };
}

/** The history without the rows of some departures, among those held. Their UIDs stay: VANISHED needs them. */
export function withoutRows(
  history: History,
  which: (departure: Departure) => boolean,
  modSeq: number,
): History {
  const { departures } = history;
  let found = false;
  for (const departure of departures) found ||= departure.rows.length > 0 && which(departure);
  if (!found) return history;
  const rest = Array.from(departures, (d) => (which(d) ? { ...d, rows: [] } : d));
  return { ...history, departures: SharedVector.of(rest), rewritten: modSeq };
}

/** The history without what left at or before a time, seconds since 1970; what lies in a snapshot is only marked. */
export function purgedHistory(history: History, before: number, modSeq: number): History {
  const rest = withoutRows(history, (departure) => departure.time <= before, modSeq);
  const { stored } = rest;
  if (stored === undefined) return rest;
  const oldest = Math.max(stored.oldest, before + 1);
  return { ...rest, stored: { ...stored, oldest, purges: [...stored.purges, { before, modSeq }] } };
}

/** Departures less what purges after all of them gave up. */
export function afterPurges(
  departures: readonly Departure[],
  purges: readonly Purge[],
): readonly Departure[] {
  if (purges.length === 0) return departures;
  return departures.map((departure) => {
    const { time, rows } = departure;
    const gone = purges.some((purge) => time <= purge.before);
    return gone && rows.length > 0 ? { ...departure, rows: [] } : departure;
  });
}
