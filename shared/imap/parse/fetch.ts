/** FETCH and UID FETCH (RFC 9051 §6.4.5, RFC 3501 §6.4.5, RFC 3516, RFC 7162, RFC 8474, RFC 8514, RFC 8970). */
import type { ModSeq } from '../../ids.ts';
import type { ArgReader } from '../arg-reader.ts';
import { decodeText } from '../characters.ts';
import type { Fetch, Numbers } from '../commands.ts';
import type { BodySectionItem, FetchItem, Partial, Section, SectionOf } from '../fetch-items.ts';

const simple = new Map<string, FetchItem>([
  ['UID', { item: 'uid' }],
  ['FLAGS', { item: 'flags' }],
  ['INTERNALDATE', { item: 'internalDate' }],
  ['RFC822.SIZE', { item: 'size' }],
  ['ENVELOPE', { item: 'envelope' }],
  ['BODYSTRUCTURE', { item: 'bodyStructure' }],
  ['MODSEQ', { item: 'modSeq' }],
  ['EMAILID', { item: 'emailId' }],
  ['THREADID', { item: 'threadId' }],
  ['SAVEDATE', { item: 'saveDate' }],
  ['RFC822', obsolete('RFC822', 'whole', 'set')],
  ['RFC822.HEADER', obsolete('RFC822.HEADER', 'header', 'keep')],
  ['RFC822.TEXT', obsolete('RFC822.TEXT', 'text', 'set')],
]);

function obsolete(
  answerAs: BodySectionItem['answerAs'],
  kind: 'whole' | 'header' | 'text',
  seen: BodySectionItem['seen'],
): BodySectionItem {
  return { item: 'body', section: { part: [], of: { kind } }, partial: undefined, seen, answerAs };
}

const fast: readonly FetchItem[] = [{ item: 'flags' }, { item: 'internalDate' }, { item: 'size' }];
const all: readonly FetchItem[] = [...fast, { item: 'envelope' }];
const macros = new Map<string, readonly FetchItem[]>([
  ['FAST', fast],
  ['ALL', all],
  ['FULL', [...all, { item: 'bodyStructureShort' }]],
]);

export const fetch = (numbers: Numbers) => {
  return (r: ArgReader): Fetch => {
    r.sp();
    const set = r.sequenceSet();
    // Forgiven: FETCH 1:*(FLAGS).
    if (r.peek() !== 0x28) r.sp();
    const items = r.peek() === 0x28 ? r.list(() => fetchItems(r)).flat() : [...fetchItems(r)];
    if (items.length === 0) r.fail('Nothing to fetch');
    let changedSince: ModSeq | undefined;
    let vanished = 'omit' as Fetch['vanished'];
    if (r.tookSp()) {
      r.list(() => {
        const name = r.word();
        if (name === 'VANISHED') vanished = 'report';
        else if (name === 'CHANGEDSINCE') {
          r.sp();
          changedSince = r.number64() as ModSeq;
        } else r.fail('Unknown FETCH modifier');
      });
    }
    r.end();
    if (vanished === 'report' && (numbers === 'seq' || changedSince === undefined))
      r.fail('VANISHED needs UID FETCH and CHANGEDSINCE');
    if (numbers === 'uid') items.unshift({ item: 'uid' });
    if (changedSince !== undefined) items.push({ item: 'modSeq' });
    return { kind: 'fetch', numbers, set, items: withoutRepeats(items), changedSince, vanished };
  };
};

function withoutRepeats(items: FetchItem[]): FetchItem[] {
  if (items.length < 2) return items;
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}

/** fetch-att, or a macro (forgiven: inside parentheses too). */
function fetchItems(r: ArgReader): readonly FetchItem[] {
  const name = itemName(r);
  const item = simple.get(name);
  if (item) return [item];
  switch (name) {
    case 'BODY':
    case 'BODY.PEEK':
      if (r.peek() === 0x5b) {
        const section = bodySection(r);
        const seen = name === 'BODY' ? 'set' : 'keep';
        return [{ item: 'body', section, partial: partial(r), seen, answerAs: 'BODY' }];
      }
      return name === 'BODY' ? [{ item: 'bodyStructureShort' }] : r.fail('Expected a section');
    case 'BINARY':
    case 'BINARY.PEEK':
      return [
        {
          item: 'binary',
          part: binarySection(r),
          // Forgiven, as by Dovecot: BINARY[1]<40>. What has no count is read to the end.
          partial: partial(r, Number.MAX_SAFE_INTEGER),
          seen: name === 'BINARY' ? 'set' : 'keep',
        },
      ];
    case 'BINARY.SIZE':
      return [{ item: 'binarySize', part: binarySection(r) }];
    case 'PREVIEW':
      return [preview(r)];
    default:
      return macros.get(name) ?? r.fail('Unknown FETCH item');
  }
}

/** The item's name up to its section, in upper case. */
function itemName(r: ArgReader): string {
  const start = r.at;
  for (let octet = r.peek(); isNameOctet(octet); octet = r.peek()) r.at++;
  return r.bytes.toString('latin1', start, r.at).toUpperCase();
}

const isNameOctet = (octet: number): boolean =>
  (octet >= 0x41 && octet <= 0x5a) ||
  (octet >= 0x61 && octet <= 0x7a) ||
  (octet >= 0x30 && octet <= 0x39) ||
  octet === 0x2e;

/** PREVIEW [(LAZY)], RFC 8970 §3.1: a parenthesis after it inside an item list can only be a modifier's. */
function preview(r: ArgReader): FetchItem {
  const back = r.at;
  if (r.tookSp() && r.peek() === 0x28) {
    r.at++;
    if (r.tookWord('LAZY')) {
      r.expect(')');
      return { item: 'preview', priority: 'lazy' };
    }
  }
  r.at = back;
  return { item: 'preview', priority: 'now' };
}

/** section-part: numbers with dots; stops before a '.' that no digit follows. */
function partNumbers(r: ArgReader): number[] {
  const part: number[] = [];
  while (isDigit(r.peek())) {
    part.push(r.nzNumber());
    if (r.peek() !== 0x2e || !isDigit(r.bytes[r.at + 1] ?? -1)) break;
    r.at++;
  }
  return part;
}

const isDigit = (octet: number): boolean => octet >= 0x30 && octet <= 0x39;

/** section-binary = "[" [section-part] "]" */
function binarySection(r: ArgReader): number[] {
  r.expect('[');
  const part = partNumbers(r);
  r.expect(']');
  return part;
}

/** section = "[" [section-spec] "]" */
function bodySection(r: ArgReader): Section {
  r.expect('[');
  const part = partNumbers(r);
  if (part.length > 0 && !r.took('.')) {
    r.expect(']');
    return { part, of: { kind: 'whole' } };
  }
  const name = itemName(r);
  const of = sectionOf(r, name);
  if (of.kind === 'mime' && part.length === 0) r.fail('MIME needs a part number');
  if (of.kind === 'whole' && part.length > 0) r.fail('Unknown section');
  r.expect(']');
  return { part, of };
}

function sectionOf(r: ArgReader, name: string): SectionOf {
  switch (name) {
    case '':
      return { kind: 'whole' };
    case 'HEADER':
      return { kind: 'header' };
    case 'TEXT':
      return { kind: 'text' };
    case 'MIME':
      return { kind: 'mime' };
    case 'HEADER.FIELDS':
    case 'HEADER.FIELDS.NOT': {
      // Forgiven: no space before the list.
      if (r.peek() !== 0x28) r.sp();
      const names = r.list(() => decodeText(r.astringBytes()));
      if (names.length === 0) r.fail('Expected a field name');
      return { kind: 'fields', which: name === 'HEADER.FIELDS' ? 'only' : 'except', names };
    }
    default:
      return r.fail('Unknown section');
  }
}

/** partial = "<" number64 "." nz-number64 ">"; `end` is what stands for a count that is not there. */
function partial(r: ArgReader, end?: number): Partial | undefined {
  if (!r.took('<')) return undefined;
  const offset = r.number64();
  if (end !== undefined && r.took('>')) return { offset, count: end };
  r.expect('.');
  const count = r.number64() || r.fail('Number must not be zero');
  r.expect('>');
  return { offset, count };
}
