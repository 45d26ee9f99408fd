import type { Account } from '../../../shared/engine/account.ts';
import type { SortKey } from '../../../shared/imap/search-criteria.ts';
import { sentDate, sortKey } from '../../../shared/message/sort-keys.ts';
import type { Envelope, MessageRecord } from '../../../shared/message/structure.ts';
import { type MemoCache, RecordMemo } from '../record-memo.ts';
import { Turn } from '../turn.ts';
import { eachOfRecord } from './each-record.ts';
import type { Match } from './run.ts';

const fromColumns: ReadonlySet<SortKey['by']> = new Set(['arrival', 'size']);

/** What the order takes from a message's record: keys that are texts, and the sent date where there is one. */
interface FromRecord {
  readonly envelope: Readonly<Partial<Record<SortKey['by'], string | number>>>;
  readonly sent: number | undefined;
}

interface Keyed {
  readonly match: Match;
  readonly keys: readonly (string | number)[];
}

/** The matches in a sort order (RFC 5256 §3); equal ones by sequence number, as they come. Only the keys are kept of what is read. */
export async function sortMatches(
  account: Account,
  matches: readonly Match[],
  order: readonly SortKey[],
  memos: MemoCache,
): Promise<readonly Match[]> {
  const keyed: Keyed[] = [];
  const add = (match: Match, { envelope, sent }: FromRecord): void => {
    const { fixed } = match.chunk;
    const internalDate = fixed.internalDate[match.row]! * 1000;
    const keys = order.map(({ by }): string | number => {
      if (by === 'date') return sent ?? internalDate;
      return (
        envelope[by] ?? sortKey({ envelope: noEnvelope, internalDate, size: fixed.size[match.row]! }, by)
      );
    });
    keyed.push({ match, keys });
  };
  const wanted = order.map(({ by }) => by).filter((by) => !fromColumns.has(by));
  if (wanted.length === 0) for (const match of matches) add(match, { envelope: {}, sent: undefined });
  else {
    const memo = new RecordMemo<FromRecord>(memos, account, `sort ${wanted.join()}`);
    const make = ({ envelope }: MessageRecord): FromRecord => {
      const message = { envelope, internalDate: 0, size: 0 };
      const texts = wanted.filter((by) => by !== 'date').map((by) => [by, sortKey(message, by)]);
      return { envelope: Object.fromEntries(texts), sent: sentDate(envelope) };
    };
    const weigh = ({ envelope }: FromRecord): number =>
      Object.values(envelope).reduce<number>((sum, key) => sum + String(key).length * 2 + 32, 64);
    await eachOfRecord(account, matches, memo, make, weigh, add);
  }
  const signs = order.map(({ direction }) => (direction === 'ascending' ? 1 : -1));
  await new Turn().pass();
  keyed.sort((a, b) => {
    for (let i = 0; i < signs.length; i++) {
      const [x, y] = [a.keys[i]!, b.keys[i]!];
      if (x !== y) return x < y ? -signs[i]! : signs[i]!;
    }
    return 0;
  });
  return keyed.map(({ match }) => match);
}

const noEnvelope: Envelope = {
  date: undefined,
  subject: undefined,
  from: [],
  sender: [],
  replyTo: [],
  to: [],
  cc: [],
  bcc: [],
  inReplyTo: undefined,
  messageId: undefined,
};
