import type { FlagTable } from '../../../shared/engine/flag-table.ts';
import { UidSet } from '../../../shared/engine/uid-set.ts';
import type { SearchKey } from '../../../shared/imap/search-criteria.ts';
import { resolveRanges, type SequenceSet } from '../../../shared/imap/sequence-set.ts';
import { maxFieldName } from '../../../shared/message/header.ts';
import { partTexts } from '../../../shared/message/part-texts.ts';
import { foldHeaderText, foldText } from '../../../shared/message/search-text.ts';
import type { MessageRecord } from '../../../shared/message/structure.ts';
import { threadIdOf } from '../fetch/thread-id.ts';
import { uidsOfRanges } from '../message-set.ts';
import type { RecordMemo } from '../record-memo.ts';
import type { Selected } from '../session-state.ts';
import { datePredicate } from './date-predicate.ts';
import { allOf, anyOf, fromColumns, noneOf, type Predicate, type RecordText, truth } from './facts.ts';
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

class Compiler {
  readonly needles: string[] = [];
  readonly memos: RecordMemo<unknown>[] = [];
  emailIds = false;
  modSeq = false;
  readonly #memoOf: MemoOf;
  readonly #recordTexts = new Map<string, RecordText>();
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
        return datePredicate(key);
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
        return this.#field(this.#recordText(`addresses ${key.field}`, addressField(key.field)), key.text);
      case 'header': {
        // No field has such a name; and what was read is kept under it.
        if (key.field.length > maxFieldName) return never;
        const read = foldedField(key.field);
        return this.#field(
          this.#recordText(`field ${key.field}`, ({ header }) => read(header)),
          key.text,
        );
      }
      case 'body':
      case 'text':
        return this.#text(key.key, key.text);
    }
  }

  /** `name` is what the text that `read` makes is kept under; keys that ask for the same share it. */
  #recordText(name: string, read: (record: MessageRecord) => string | undefined): RecordText {
    const known = this.#recordTexts.get(name);
    if (known !== undefined) return known;
    const memo = this.#memoOf(name) as RecordMemo<string | null>;
    this.memos.push(memo);
    // Several keys ask for one message, one after another: what is too heavy to be kept is made once for all of them.
    let last: { readonly no: number; readonly text: string | null } | undefined;
    const textOf: RecordText = ({ chunk, row, record }) => {
      const no = chunk.fixed.message[row]!;
      if (last?.no === no) return last.text;
      let text = memo.get(no);
      if (text === undefined && record !== undefined) {
        text = read(record) ?? null;
        memo.put(no, text, (text?.length ?? 0) * 2);
      }
      if (text !== undefined) last = { no, text };
      return text;
    };
    this.#recordTexts.set(name, textOf);
    return textOf;
  }

  #field(textOf: RecordText, text: string): Predicate {
    const needle = foldHeaderText(text);
    return {
      cost: 'records',
      test(facts) {
        const field = textOf(facts);
        return field === undefined ? 'unknown' : truth(field?.includes(needle) ?? false);
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
    const parts = this.#recordText('parts', ({ root }) => partTexts(root));
    return {
      cost: 'bodies',
      test(facts) {
        const { record, inBody } = facts;
        if (inBody[place]) return 'yes';
        // Headers of parts are no text of the body to the signatures: what these rule out may stand there.
        const said = parts(facts);
        if (said?.includes(headerNeedle)) return 'yes';
        if (said === undefined) return 'unknown';
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
