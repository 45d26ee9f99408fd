import { baseSubject } from './base-subject.ts';
import { parseDate } from './date.ts';
import { decodeWords } from './encoded-words.ts';
import { foldText } from './fold.ts';
import type { Envelope, EnvelopeAddress } from './structure.ts';

/** RFC 5256 §3, and DISPLAYFROM and DISPLAYTO of RFC 5957. */
export type SortKey =
  | 'arrival'
  | 'cc'
  | 'date'
  | 'from'
  | 'size'
  | 'subject'
  | 'to'
  | 'displayFrom'
  | 'displayTo';

export interface SortCriterion {
  readonly key: SortKey;
  readonly reverse: boolean;
}

/** What SORT knows of a message. */
export interface SortInput {
  readonly envelope: Envelope;
  /** INTERNALDATE, milliseconds since 1970. */
  readonly internalDate: number;
  readonly size: number;
}

/** The sent date, where there is one to be read. Milliseconds since 1970. */
export const sentDate = ({ date }: Pick<Envelope, 'date'>): number | undefined =>
  date === undefined ? undefined : parseDate(date)?.time;

/** The sent date, or INTERNALDATE where there is none to be read (RFC 5256 §2.2). Milliseconds since 1970. */
export const sentTime = (message: Pick<SortInput, 'envelope' | 'internalDate'>): number =>
  sentDate(message.envelope) ?? message.internalDate;

/** What a message is compared by: numbers by size, strings (folded) by code unit. */
export function sortKey(message: SortInput, key: SortKey): string | number {
  const { envelope } = message;
  switch (key) {
    case 'arrival':
      return message.internalDate;
    case 'date':
      return sentTime(message);
    case 'size':
      return message.size;
    case 'subject':
      return foldText(baseSubject(envelope.subject ?? '').text);
    case 'cc':
      return foldText(envelope.cc[0]?.mailbox ?? '');
    case 'from':
      return foldText(envelope.from[0]?.mailbox ?? '');
    case 'to':
      return foldText(envelope.to[0]?.mailbox ?? '');
    case 'displayFrom':
      return displayName(envelope.from);
    case 'displayTo':
      return displayName(envelope.to);
  }
}

/** RFC 5957 §3: the first address's name, else its address; of a group its name. */
function displayName([first]: readonly EnvelopeAddress[]): string {
  if (first === undefined) return '';
  const name = decodeWords(first.name ?? '');
  if (name !== '') return foldText(name);
  return foldText(first.host ? `${first.mailbox ?? ''}@${first.host}` : decodeWords(first.mailbox ?? ''));
}

/** SORT: the messages in order; equal ones stay in the order given (RFC 5256 §3). Each key is made once. */
export function sortMessages<T extends SortInput>(
  messages: readonly T[],
  criteria: readonly SortCriterion[],
): T[] {
  const keyed = messages.map((message) => ({
    message,
    keys: criteria.map(({ key }) => sortKey(message, key)),
  }));
  keyed.sort((a, b) => {
    for (const [i, { reverse }] of criteria.entries()) {
      const [x, y] = [a.keys[i]!, b.keys[i]!];
      if (x !== y) return x < y === reverse ? 1 : -1;
    }
    return 0;
  });
  return keyed.map(({ message }) => message);
}
