import type { FlagTable } from '../../../shared/engine/flag-table.ts';
import { UidSet } from '../../../shared/engine/uid-set.ts';
import type { SearchKey } from '../../../shared/imap/search-criteria.ts';
import { resolveRanges, type SequenceSet } from '../../../shared/imap/sequence-set.ts';
import { parseDate } from '../../../shared/message/date.ts';
import { maxFieldName } from '../../../shared/message/header.ts';
import { foldHeaderText, foldText } from '../../../shared/message/search-text.ts';
import type { MessageRecord } from '../../../shared/message/structure.ts';
import { threadIdOf } from '../fetch/thread-id.ts';
import { uidsOfRanges } from '../message-set.ts';
import type { RecordMemo } from '../record-memo.ts';
import type { Selected } from '../session-state.ts';
import { allOf, anyOf, type Facts, noneOf, type Predicate, truth } from './facts.ts';
import { addressField, foldedField } from './header-field.ts';

/** SEARCH criteria against one session's view of a mailbox. */
export interface Criteria {
  /** Messages outside cannot match. UIDs in it may not exist. */
  readonly scope: UidSet;
  readonly predicate: Predicate;
  /** Folded texts that bodies are looked through for; a message's `Facts.inBody` has their places. */
  readonly needles: readonly string[];
  /** Whether email ids are asked about. */
  readonly emailIds: boolean;
  /** What the predicate fills, to be kept when it was asked. */
  readonly memos: readonly RecordMemo<unknown>[];
  /** MODSEQ is a key (RFC 7162 §3.1.5). */
  readonly modSeq: boolean;
}

const daySeconds = 86_400;

/** What was made of records before, by its name. */
export type MemoOf = (name: string) => RecordMemo<unknown>;

/** `now`: seconds since 1970. */
export function compileCriteria(
  key: SearchKey,
  selected: Selected,
  flags: FlagTable,
  now: number,
  memoOf: MemoOf,
): Criteria {
  const compiler = new Compiler(selected, flags, now, memoOf);
  const keys = key.key === 'and' ? key.keys : [key];
  const last = selected.view.uidNext - 1;
  let scope = last > 0 ? UidSet.ofRanges([[1, last]]) : UidSet.empty;
  for (const one of keys) {
    const set = compiler.setOf(one);
    if (set !== undefined) scope = scope.intersect(set);
  }
  const rest = keys.filter((one) => one.key !== 'uid' && one.key !== 'sequence');
  const predicate = allOf(rest.length === 0 ? [always] : rest.map((one) => compiler.compile(one)));
  const { needles, emailIds, modSeq, memos } = compiler;
  return { scope, predicate, needles, emailIds, modSeq, memos };
}

const always: Predicate = { cost: 'columns', test: () => 'yes' };
const never: Predicate = { cost: 'columns', test: () => 'no' };

const fromColumns = (is: (facts: Facts) => boolean): Predicate => ({
  cost: 'columns',
  test: (facts) => truth(is(facts)),
});

class Compiler {
  readonly needles: string[] = [];
  readonly memos: RecordMemo<unknown>[] = [];
  emailIds = false;
  modSeq = false;
  readonly #memoOf: MemoOf;
  readonly #selected: Selected;
  readonly #flags: FlagTable;
  readonly #now: number;

  constructor(selected: Selected, flags: FlagTable, now: number, memoOf: MemoOf) {
    this.#memoOf = memoOf;
    this.#selected = selected;
    this.#flags = flags;
    this.#now = now;
  }

  /** The UIDs of a key that is a set. Forgiven: sequence numbers that are too large; nothing has them. */
  setOf(key: SearchKey): UidSet | undefined {
    if (key.key === 'uid') return this.#uids(key.set);
    return key.key === 'sequence' ? this.#numbered(key.set) : undefined;
  }

  #uids(set: SequenceSet): UidSet {
    const { view, saved } = this.#selected;
    return set.kind === 'saved' ? saved : uidsOfRanges(view, set.ranges, view.lastUid ?? 0);
  }

  #numbered(set: SequenceSet): UidSet {
    const { view, saved } = this.#selected;
    if (set.kind === 'saved') return saved;
    const known = resolveRanges(set.ranges, view.exists).filter(({ first }) => first <= view.exists);
    return UidSet.ofRanges(
      known.map(({ first, last }) => [view.uidAt(first)!, view.uidAt(Math.min(last, view.exists))!]),
    );
  }

  compile(key: SearchKey): Predicate {
    switch (key.key) {
      case 'all':
      case 'saveDateSupported':
        return always;
      case 'and':
        return allOf(key.keys.map((one) => this.compile(one)));
      case 'or':
        return anyOf(alternatives(key).map((one) => this.compile(one)));
      case 'not':
        return noneOf(this.compile(key.negated));
      case 'uid':
      case 'sequence': {
        const set = this.setOf(key)!;
        return fromColumns((facts) => set.has(facts.uid));
      }
      case 'flag':
        return this.#flag(key.flag, key.is === 'set');
      case 'recent': {
        const { recent } = this.#selected;
        return fromColumns((facts) => recent.has(facts.uid) === (key.is === 'set'));
      }
      case 'size':
        return key.is === 'larger'
          ? fromColumns(({ chunk, row }) => chunk.fixed.size[row]! > key.octets)
          : fromColumns(({ chunk, row }) => chunk.fixed.size[row]! < key.octets);
      case 'age': {
        const from = this.#now - key.seconds;
        const younger = key.is === 'younger';
        return fromColumns(({ chunk, row }) => chunk.fixed.internalDate[row]! >= from === younger);
      }
      case 'modSeq':
        this.modSeq = true;
        return fromColumns(({ chunk, row }) => chunk.marks.modSeq[row]! >= key.atLeast);
      case 'date':
        return date(key);
      case 'emailId':
        this.emailIds = true;
        return {
          cost: 'records',
          test: ({ emailId }) => (emailId === undefined ? 'unknown' : truth(emailId === key.id)),
        };
      case 'threadId':
        this.emailIds = true;
        return {
          cost: 'records',
          test: ({ record, emailId }) =>
            record === undefined || emailId === undefined
              ? 'unknown'
              : truth(threadIdOf(record, emailId) === key.id),
        };
      case 'address':
        return this.#field(`addresses ${key.field}`, addressField(key.field), key.text);
      case 'header': {
        // No field has such a name; and what was read is kept under it.
        if (key.field.length > maxFieldName) return never;
        const read = foldedField(key.field);
        return this.#field(`field ${key.field}`, ({ header }) => read(header), key.text);
      }
      case 'body':
      case 'text':
        return this.#text(key.key, key.text);
    }
  }

  /** `name` is what the text that `read` makes is kept under. */
  #field(name: string, read: (record: MessageRecord) => string | undefined, text: string): Predicate {
    const memo = this.#memoOf(name) as RecordMemo<string | null>;
    this.memos.push(memo);
    const needle = foldHeaderText(text);
    return {
      cost: 'records',
      test({ chunk, row, record }) {
        const no = chunk.fixed.message[row]!;
        let known = memo.get(no);
        if (known === undefined) {
          if (record === undefined) return 'unknown';
          known = read(record) ?? null;
          memo.put(no, known, (known?.length ?? 0) * 2);
        }
        return truth(known?.includes(needle) ?? false);
      },
    };
  }

  /** Flag sets are few: each is looked into once. */
  #flag(name: string, wanted: boolean): Predicate {
    const flags = this.#flags;
    const spelling = flags.spelling(name);
    const known: (boolean | undefined)[] = [];
    const has = (id: number): boolean => spelling !== undefined && flags.set(id).flags.includes(spelling);
    return fromColumns(({ chunk, row }) => {
      const id = chunk.marks.flags[row]!;
      return (known[id] ??= has(id)) === wanted;
    });
  }

  #text(where: 'body' | 'text', text: string): Predicate {
    const [needle, headerNeedle] = [foldText(text), foldHeaderText(text)];
    if (needle === '') return always;
    let place = this.needles.indexOf(needle);
    if (place < 0) place = this.needles.push(needle) - 1;
    return {
      cost: 'bodies',
      test(facts) {
        const { record, inBody } = facts;
        if (inBody[place]) return 'yes';
        if (where === 'text') {
          if (record === undefined) return 'unknown';
          if (facts.headerText(record).includes(headerNeedle)) return 'yes';
        }
        return inBody[place] === undefined ? 'unknown' : 'no';
      },
    };
  }
}

/** OR takes two keys: more of them are its second, or its first, in turn. Asked side by side, those that cost nothing come first. */
const alternatives = (key: SearchKey): SearchKey[] =>
  key.key === 'or' ? [...alternatives(key.left), ...alternatives(key.right)] : [key];

type DateKey = Extract<SearchKey, { key: 'date' }>;

const comparisons = {
  before: (day: number, of: number) => day < of,
  on: (day: number, of: number) => day === of,
  since: (day: number, of: number) => day >= of,
} as const;

function date({ of, is, day }: DateKey): Predicate {
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
