import type { AccountId, LogPosition } from '../../ids.ts';
import type { LogTail, StoredEntry } from '../../ports/account-log.ts';
import { everything, itemsAfter, sorted } from './log-items.ts';
import type { LogTable } from './log-table.ts';

/**
 * A first reader takes the end of the log: the head, the entries of an ordinary tail (64, at which a pause folds it), and one that is folded, which shows
 * that these are all. Not more: how many he wants he knows when he has seen the head, and he pays for all that he is given. Folded entries stay a day, so
 * that a page for the longest tail, 194 items, would cost every first reader of an active account twice the units, to save a request where it is that long.
 */
export const newestItems = 66;

/** The head and the entries after `after`. */
export const readTail = (table: LogTable, account: AccountId, after: LogPosition): Promise<LogTail> =>
  after === 0 ? readNewest(table, account) : readFrom(table, account, after);

/** From the end: a reader who has nothing wants the head and what follows it, not what it has folded. */
async function readNewest(table: LogTable, account: AccountId): Promise<LogTail> {
  const page = await table.query('read the log', {
    ...everything(account),
    ScanIndexForward: false,
    Limit: newestItems,
    ConsistentRead: true,
  });
  const { head, entries } = sorted((page.Items ?? []).reverse());
  const start = head?.position ?? 0;
  const wanted = entries.filter(({ position }) => position > start);
  const isWhole = page.LastEvaluatedKey === undefined || wanted.length < entries.length;
  const missing = isWhole ? 0 : Math.max(0, (wanted[0]?.position ?? 0) - start - 1);
  const older = missing === 0 ? [] : await readOldest(table, account, start, missing);
  const more = older.length < missing;
  const tail = more ? older : [...older, ...wanted];
  // A head seen first may be older than what is trimmed by the time the entries are; read forwards it is not.
  if ((isWhole || tail.length > 0) && isGapless(tail, start)) return { head, entries: tail, more };
  return await readFrom(table, account, start);
}

/** Of a tail that is longer than what was read of it, the entries before that: none is paid for twice. */
async function readOldest(
  table: LogTable,
  account: AccountId,
  start: number,
  count: number,
): Promise<readonly StoredEntry[]> {
  const page = await table.query('read the log', {
    ...itemsAfter(account, start),
    Limit: count,
    ConsistentRead: true,
  });
  return sorted(page.Items ?? []).entries;
}

async function readFrom(table: LogTable, account: AccountId, start: number): Promise<LogTail> {
  const page = await table.query('read the log', { ...itemsAfter(account, start), ConsistentRead: true });
  const more = page.LastEvaluatedKey !== undefined;
  const { head: seen, entries } = sorted(page.Items ?? []);
  // Cut before the head: it is asked for after the entries, as in the order of the query.
  const head = seen ?? (more ? await table.head(account) : undefined);
  if (isGapless(entries, start)) return { head, entries, more };
  // Trimmed or being trimmed: what the head has folded is not given in pieces.
  const folded = head?.position ?? 0;
  const rest = entries.filter(({ position }) => position > folded);
  if (!isGapless(rest, Math.max(folded, start)))
    throw new Error(`the log of ${account} has a gap after ${Math.max(folded, start)}`);
  return { head, entries: rest, more };
}

const isGapless = (entries: readonly StoredEntry[], start: number): boolean =>
  entries.every(({ position }, i) => position === start + 1 + i);
