import type { Chunk } from '../../../shared/engine/rows.ts';
import type { EmailId } from '../../../shared/ids.ts';
import { headerSearchText } from '../../../shared/message/search-text.ts';
import type { MessageRecord } from '../../../shared/message/structure.ts';

/** Whether a message matches: 'unknown' until what decides it has been read. */
export type Truth = 'yes' | 'no' | 'unknown';

export const truth = (is: boolean): Truth => (is ? 'yes' : 'no');

/** What deciding a key takes, from nothing that must be read to the whole message. */
export const costs = ['columns', 'records', 'bodies'] as const;
export type Cost = (typeof costs)[number];

/** A message as far as it has been read. One object may serve for many messages, one after another. */
export class Facts {
  chunk: Chunk;
  row: number;
  record: MessageRecord | undefined;
  emailId: EmailId | undefined;
  /** What the body contains, by the number that its key was given; undefined where that is not known. */
  inBody: (boolean | undefined)[] = [];
  #headerText: string | undefined;

  constructor(chunk: Chunk, row: number) {
    this.chunk = chunk;
    this.row = row;
  }

  get uid(): number {
    return this.chunk.fixed.uid[this.row]!;
  }

  /** The header decoded and folded, once for all keys that look through it. */
  headerText(record: MessageRecord): string {
    return (this.#headerText ??= headerSearchText(record.header));
  }
}

/** A text made of a message's record, or null where it has none; undefined until the record has been read. */
export type RecordText = (facts: Facts) => string | null | undefined;

/** A search key, ready to be asked about one message after another. */
export interface Predicate {
  readonly cost: Cost;
  test(facts: Facts): Truth;
}

export const fromColumns = (is: (facts: Facts) => boolean): Predicate => ({
  cost: 'columns',
  test: (facts) => truth(is(facts)),
});

const costOf = (predicates: readonly Predicate[]): Cost =>
  costs[Math.max(0, ...predicates.map(({ cost }) => costs.indexOf(cost)))]!;

const cheapestFirst = (predicates: readonly Predicate[]): Predicate[] =>
  predicates.toSorted((a, b) => costs.indexOf(a.cost) - costs.indexOf(b.cost));

/** All of them ('yes' decides nothing alone), or with 'yes' any of them. */
function combined(predicates: readonly Predicate[], decisive: 'yes' | 'no'): Predicate {
  const ordered = cheapestFirst(predicates);
  const otherwise = decisive === 'yes' ? 'no' : 'yes';
  return {
    cost: costOf(ordered),
    test(facts) {
      let result: Truth = otherwise;
      for (let i = 0; i < ordered.length; i++) {
        const one = ordered[i]!.test(facts);
        if (one === decisive) return decisive;
        if (one === 'unknown') result = 'unknown';
      }
      return result;
    },
  };
}

export const allOf = (predicates: readonly Predicate[]): Predicate =>
  predicates.length === 1 ? predicates[0]! : combined(predicates, 'no');

export const anyOf = (predicates: readonly Predicate[]): Predicate => combined(predicates, 'yes');

export const noneOf = ({ cost, test }: Predicate): Predicate => ({
  cost,
  test(facts) {
    const one = test(facts);
    return one === 'unknown' ? one : one === 'yes' ? 'no' : 'yes';
  },
});
