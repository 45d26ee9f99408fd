import type { MessageReader } from '../../../shared/engine/message-reader.ts';
import type { SortKey } from '../../../shared/imap/search-criteria.ts';
import { sentDate, sortKey } from '../../../shared/message/sort-keys.ts';
import type { MessageRecord } from '../../../shared/message/structure.ts';
import { Turn } from '../../../shared/net/turn.ts';
import type { MemoCache } from '../record-memo.ts';
import { eachRecord } from './each-record.ts';
import { type KeptKeys, keptKeys } from './kept-keys.ts';
import { inOrder } from './number-order.ts';
import type { Match } from './run.ts';

type By = SortKey['by'];
type FromRecord = Exclude<By, 'arrival' | 'size'>;

/** Kept for a message without a sent date: that of its arrival counts (RFC 5256 §2.2), which is not the same in every mailbox. */
const noDate = Number.NEGATIVE_INFINITY;

/** The matches in a sort order (RFC 5256 §3); equal ones by sequence number, as they come. Messages that are gone are left out. */
export async function sortMatches(
  messages: MessageReader,
  matches: readonly Match[],
  order: readonly SortKey[],
  memos: MemoCache,
): Promise<readonly Match[]> {
  const kept = new Map<FromRecord, ReturnType<typeof keptKeys>>();
  for (const { by } of order)
    if (by !== 'arrival' && by !== 'size') kept.set(by, keptKeys(memos, messages, by));
  const numberOf = ({ chunk, row }: Match): number => chunk.fixed.message[row]!;
  const known = (match: Match): boolean => {
    for (const { keys } of kept.values()) if (!keys.has(numberOf(match))) return false;
    return true;
  };
  const missing = matches.filter((match) => !known(match));
  if (missing.length > 0) {
    try {
      await eachRecord(messages, missing, (match, record) => {
        for (const [by, { keys }] of kept) keys.put(numberOf(match), keyOf(record, by));
      });
    } finally {
      for (const { keep } of kept.values()) keep();
    }
  }
  const present = missing.length === 0 ? matches : matches.filter(known);
  await new Turn().pass();
  // Another session may have added some that it has not ranked yet.
  for (const { keys } of kept.values()) keys.rank();
  const columns = order.map(({ by, direction }) => ({
    direction,
    numbers: numbersOf(present, by, by === 'arrival' || by === 'size' ? undefined : kept.get(by)!.keys),
  }));
  return Array.from(inOrder(present.length, columns), (i) => present[i]!);
}

function keyOf({ envelope }: MessageRecord, by: FromRecord): string | number {
  if (by === 'date') return sentDate(envelope) ?? noDate;
  return sortKey({ envelope, internalDate: 0, size: 0 }, by);
}

function numbersOf(matches: readonly Match[], by: By, keys: KeptKeys | undefined): Float64Array {
  const numbers = new Float64Array(matches.length);
  for (const [i, { chunk, row }] of matches.entries()) {
    const { fixed } = chunk;
    if (by === 'arrival') numbers[i] = fixed.internalDate[row]!;
    else if (by === 'size') numbers[i] = fixed.size[row]!;
    else {
      const number = keys!.number(fixed.message[row]!);
      numbers[i] = number === noDate ? fixed.internalDate[row]! * 1000 : number;
    }
  }
  return numbers;
}
