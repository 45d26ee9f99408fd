import type { FlagTable } from './flag-table.ts';
import type { Departure, History, Mailbox } from './mailbox.ts';
import { appendRows } from './row-edits.ts';
import { type Row, selectRows } from './rows.ts';
import { SharedVector } from './shared-vector.ts';
import type { Purge } from './stored-rows.ts';
import { UidSet } from './uid-set.ts';

/** Departures that a mailbox's history holds at most; then the older half becomes one. Part of the rules: every replay does the same. */
export const maxDepartures = 2048;

/** The history with what leaves now. @throws RowsNeeded */
export function withDeparture(mailbox: Mailbox, departure: Departure, flags: FlagTable): History {
  const { history } = mailbox;
  if ((history.stored?.count ?? 0) + history.departures.length < maxDepartures)
    return { ...history, departures: history.departures.push(departure) };
  const all = [...mailbox.departures];
  const old = all.splice(0, maxDepartures / 2);
  return {
    ...history,
    departures: SharedVector.of([joined(old, flags), ...all, departure]),
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
