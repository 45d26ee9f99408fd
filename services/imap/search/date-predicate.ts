import type { SearchKey } from '../../../shared/imap/search-criteria.ts';
import { parseDate } from '../../../shared/message/date.ts';
import { fromColumns, type Predicate, truth } from './facts.ts';

const daySeconds = 86_400;

type DateKey = Extract<SearchKey, { key: 'date' }>;

const comparisons = {
  before: (day: number, of: number) => day < of,
  on: (day: number, of: number) => day === of,
  since: (day: number, of: number) => day >= of,
} as const;

/** BEFORE, ON and SINCE (RFC 9051 §6.4.4) of any of a message's dates. */
export function datePredicate({ of, is, day }: DateKey): Predicate {
  const matches = comparisons[is];
  if (of !== 'sent') {
    const column = of === 'internal' ? 'internalDate' : 'saveDate';
    return fromColumns(({ chunk, row }) => matches(Math.floor(chunk.fixed[column][row]! / daySeconds), day));
  }
  return {
    cost: 'records',
    test({ chunk, row, record }) {
      if (record === undefined) return 'unknown';
      const { date: sent } = record.envelope;
      // As in SORT (RFC 5256 §2.2): without a date that can be read, when it arrived.
      const written = sent === undefined ? undefined : parseDate(sent)?.day;
      return truth(matches(written ?? Math.floor(chunk.fixed.internalDate[row]! / daySeconds), day));
    },
  };
}
