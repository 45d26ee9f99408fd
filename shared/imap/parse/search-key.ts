/** search-key of RFC 9051 §9 and RFC 3501 §9, with RFC 5032, RFC 7162, RFC 8474 and RFC 8514. */
import type { ModSeq } from '../../ids.ts';
import type { ArgReader } from '../arg-reader.ts';
import { decodeText } from '../characters.ts';
import { parseDate } from '../dates.ts';
import type { AddressField, SearchKey } from '../search-criteria.ts';

/** How the octets of a search string become text. */
export type TextDecoding = (bytes: Buffer) => string;

/**
 * How many keys one SEARCH may have, and how many of them may ask for texts in bodies: each message is held against all of them. How deep they
 * stand in each other is bounded by it too: of OR, which takes two, every alternative but the last is a level.
 */
const maxKeys = 1000;
const maxTexts = 64;

/** What the keys of one SEARCH are read with. */
interface Reading {
  readonly decode: TextDecoding;
  keys: number;
  texts: number;
}

/** search-key *(SP search-key), as one key. */
export function criteria(r: ArgReader, decode: TextDecoding): SearchKey {
  const reading = { decode, keys: 0, texts: 0 };
  const keys = [searchKey(r, reading)];
  while (r.tookSp()) keys.push(searchKey(r, reading));
  return together(keys);
}

const together = (keys: readonly SearchKey[]): SearchKey =>
  keys.length === 1 ? keys[0]! : { key: 'and', keys };

const flag = (name: string, is: 'set' | 'unset'): SearchKey => ({ key: 'flag', flag: name, is });

/** Keys without arguments. */
const simple = new Map<string, SearchKey>([
  ['ALL', { key: 'all' }],
  ['ANSWERED', flag('\\Answered', 'set')],
  ['DELETED', flag('\\Deleted', 'set')],
  ['DRAFT', flag('\\Draft', 'set')],
  ['FLAGGED', flag('\\Flagged', 'set')],
  ['SEEN', flag('\\Seen', 'set')],
  ['UNANSWERED', flag('\\Answered', 'unset')],
  ['UNDELETED', flag('\\Deleted', 'unset')],
  ['UNDRAFT', flag('\\Draft', 'unset')],
  ['UNFLAGGED', flag('\\Flagged', 'unset')],
  ['UNSEEN', flag('\\Seen', 'unset')],
  ['RECENT', { key: 'recent', is: 'set' }],
  ['OLD', { key: 'recent', is: 'unset' }],
  ['NEW', { key: 'and', keys: [{ key: 'recent', is: 'set' }, flag('\\Seen', 'unset')] }],
  ['SAVEDATESUPPORTED', { key: 'saveDateSupported' }],
]);

type DateKey = Extract<SearchKey, { key: 'date' }>;

const dates = new Map<string, Pick<DateKey, 'of' | 'is'>>(
  (['before', 'on', 'since'] as const).flatMap((is) => {
    const name = is.toUpperCase();
    return [
      [name, { of: 'internal', is }],
      [`SENT${name}`, { of: 'sent', is }],
      [`SAVED${name}`, { of: 'saved', is }],
    ] as const;
  }),
);

const addressFields = new Map<string, AddressField>([
  ['BCC', 'bcc'],
  ['CC', 'cc'],
  ['FROM', 'from'],
  ['TO', 'to'],
]);

function searchKey(r: ArgReader, reading: Reading): SearchKey {
  if (++reading.keys > maxKeys) return r.fail(`At most ${maxKeys} SEARCH keys`);
  const at = r.peek();
  if (at === 0x28) {
    const keys = r.list(() => searchKey(r, reading));
    return keys.length === 0 ? r.fail('Empty list in SEARCH') : together(keys);
  }
  // '$', '*' and digits begin a sequence-set.
  if (at === 0x24 || at === 0x2a || (at >= 0x30 && at <= 0x39))
    return { key: 'sequence', set: r.sequenceSet() };
  const name = r.word();
  const known = simple.get(name);
  if (known) return known;
  r.sp();
  const date = dates.get(name);
  if (date)
    return { key: 'date', ...date, day: parseDate(decodeText(r.astringBytes())) ?? r.fail('Invalid date') };
  const field = addressFields.get(name);
  if (field) return { key: 'address', field, text: reading.decode(r.astringBytes()) };
  if (name === 'SUBJECT') return { key: 'header', field: 'subject', text: reading.decode(r.astringBytes()) };
  return withArgument(r, name, reading);
}

function withArgument(r: ArgReader, name: string, reading: Reading): SearchKey {
  switch (name) {
    case 'NOT':
      return { key: 'not', negated: searchKey(r, reading) };
    case 'OR': {
      const left = searchKey(r, reading);
      r.sp();
      return { key: 'or', left, right: searchKey(r, reading) };
    }
    case 'UID':
      return { key: 'uid', set: r.sequenceSet() };
    case 'KEYWORD':
      return flag(r.flag(), 'set');
    case 'UNKEYWORD':
      return flag(r.flag(), 'unset');
    case 'BODY':
    case 'TEXT':
      if (++reading.texts > maxTexts) return r.fail(`At most ${maxTexts} texts in one SEARCH`);
      return { key: name === 'BODY' ? 'body' : 'text', text: reading.decode(r.astringBytes()) };
    case 'HEADER': {
      const field = decodeText(r.astringBytes()).toLowerCase();
      r.sp();
      return { key: 'header', field, text: reading.decode(r.astringBytes()) };
    }
    case 'LARGER':
      return { key: 'size', is: 'larger', octets: r.number64() };
    case 'SMALLER':
      return { key: 'size', is: 'smaller', octets: r.number64() };
    case 'OLDER':
      return { key: 'age', is: 'older', seconds: r.nzNumber() };
    case 'YOUNGER':
      return { key: 'age', is: 'younger', seconds: r.nzNumber() };
    case 'MODSEQ':
      return modSeqKey(r);
    case 'EMAILID':
      return { key: 'emailId', id: decodeText(r.astringBytes()) };
    case 'THREADID':
      return { key: 'threadId', id: decodeText(r.astringBytes()) };
    default:
      return r.fail('Unknown SEARCH key');
  }
}

/** MODSEQ ["/flags/\\seen" all] 620162338, RFC 7162 §3.1.5. */
function modSeqKey(r: ArgReader): SearchKey {
  if (r.peek() === 0x22) {
    const entry = decodeText(r.string());
    if (!/^\/flags\/./i.test(entry)) r.fail('Invalid MODSEQ entry name');
    r.sp();
    if (!['PRIV', 'SHARED', 'ALL'].includes(r.word())) r.fail('Invalid MODSEQ entry type');
    r.sp();
  }
  return { key: 'modSeq', atLeast: r.number64() as ModSeq };
}
