import type { Account } from '../../../shared/engine/account.ts';
import type { SortKey } from '../../../shared/imap/search-criteria.ts';
import { sortKey } from '../../../shared/message/sort-keys.ts';
import type { Envelope } from '../../../shared/message/structure.ts';
import { Turn } from '../turn.ts';
import { eachRecord } from './each-record.ts';
import type { Match } from './run.ts';

const fromColumns: ReadonlySet<SortKey['by']> = new Set(['arrival', 'size']);

interface Keyed {
  readonly match: Match;
  readonly keys: readonly (string | number)[];
}

/** The matches in a sort order (RFC 5256 §3); equal ones by sequence number, as they come. Only the keys are kept of what is read. */
export async function sortMatches(
  account: Account,
  matches: readonly Match[],
  order: readonly SortKey[],
): Promise<readonly Match[]> {
  const keyed: Keyed[] = [];
  const add = (match: Match, envelope: Envelope): void => {
    const { fixed } = match.chunk;
    const message = {
      envelope,
      internalDate: fixed.internalDate[match.row]! * 1000,
      size: fixed.size[match.row]!,
    };
    keyed.push({ match, keys: order.map(({ by }) => sortKey(message, by)) });
  };
  if (order.every(({ by }) => fromColumns.has(by))) for (const match of matches) add(match, noEnvelope);
  else await eachRecord(account, matches, (match, record) => add(match, record.envelope));
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
