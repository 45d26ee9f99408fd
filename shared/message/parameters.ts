import { decodeCharset } from './charset.ts';
import type { Parameters } from './structure.ts';

/** A value with parameters, as Content-Type and Content-Disposition have (RFC 2045 §5.1, RFC 2183). */
export interface Parameterized {
  /** What stands before the first semicolon, comments removed, lower case. */
  readonly value: string;
  readonly parameters: Parameters;
}

/** More parameters than this are ignored. */
export const maxParameters = 128;

/** Skips white space and comments (RFC 5322 §3.2.2); a comment that never ends reaches to the end of the text. */
export function skipCfws(text: string, from: number): number {
  let at = from;
  let depth = 0;
  for (; at < text.length; at++) {
    const c = text[at]!;
    if (depth > 0 && c === '\\') at++;
    else if (c === '(') depth++;
    else if (depth > 0) depth -= c === ')' ? 1 : 0;
    else if (c !== ' ' && c !== '\t') break;
  }
  return Math.min(at, text.length);
}

/** Reads a quoted string whose opening quote is at `from`; one that never ends reaches to the end of the text. */
export function readQuoted(text: string, from: number): { readonly value: string; readonly end: number } {
  let value = '';
  let at = from + 1;
  let run = at;
  for (; at < text.length && text[at] !== '"'; at++) {
    if (text[at] !== '\\' || at + 1 >= text.length) continue;
    value += text.slice(run, at);
    run = ++at;
  }
  return { value: value + text.slice(run, at), end: Math.min(at + 1, text.length) };
}

/**
 * Parses an unfolded field value. RFC 2231 continuations are joined and decoded, a missing semicolon, unquoted file names
 * with spaces and quotes that never close are tolerated. Of equal names the first counts.
 */
export function parseParameterized(text: string): Parameterized {
  const semicolon = headEnd(text);
  return {
    value: withoutComments(text.slice(0, semicolon)).toLowerCase(),
    parameters: joinExtended(readPairs(text, semicolon)),
  };
}

function headEnd(text: string): number {
  let at = 0;
  while (at < text.length && text[at] !== ';') at = text[at] === '(' ? skipCfws(text, at) : at + 1;
  return at;
}

function withoutComments(text: string): string {
  if (!text.includes('(')) return text.trim();
  let out = '';
  for (let at = 0; at < text.length; ) {
    const next = text[at] === '(' ? skipCfws(text, at) : at;
    if (next === at) out += text[at++];
    at = Math.max(at, next);
  }
  return out.trim();
}

function readPairs(text: string, from: number): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  let at = from;
  while (at < text.length && pairs.length < maxParameters) {
    at = skipCfws(text, text[at] === ';' ? at + 1 : at);
    const nameStart = at;
    while (at < text.length && !'=; \t('.includes(text[at]!)) at++;
    const name = text.slice(nameStart, at).toLowerCase();
    at = skipCfws(text, at);
    if (text[at] !== '=') continue;
    at = skipCfws(text, at + 1);
    let value: string;
    if (text[at] === '"') ({ value, end: at } = readQuoted(text, at));
    else {
      const start = at;
      at = tokenEnd(text, at, name === 'name' || name === 'filename');
      value = text.slice(start, at).trim();
    }
    if (name !== '') pairs.push([name, value]);
  }
  return pairs;
}

/** File names are often written with spaces and without quotes: those reach to the semicolon. */
function tokenEnd(text: string, from: number, spaces: boolean): number {
  let at = from;
  while (at < text.length && text[at] !== ';' && (spaces || !' \t('.includes(text[at]!))) at++;
  return at;
}

interface Segment {
  readonly index: number;
  readonly encoded: boolean;
  readonly value: string;
}

/** RFC 2231 §3 and §4: name*0, name*1* and name* become `name`. */
function joinExtended(pairs: readonly (readonly [string, string])[]): Parameters {
  const plain = new Map<string, string>();
  const segments = new Map<string, Segment[]>();
  for (const [name, value] of pairs) {
    const parts = /^([^*]+)\*(?:(\d{1,4})(\*)?)?$/.exec(name);
    const base = parts?.[1];
    if (base === undefined) {
      if (!plain.has(name)) plain.set(name, value);
      continue;
    }
    const segment = {
      index: Number(parts![2] ?? -1),
      encoded: parts![2] === undefined || parts![3] === '*',
      value,
    };
    const known = segments.get(base);
    if (known) known.push(segment);
    else segments.set(base, [segment]);
    if (!plain.has(base)) plain.set(base, '');
  }
  for (const [base, list] of segments) plain.set(base, joinSegments(list));
  return [...plain];
}

function joinSegments(list: readonly Segment[]): string {
  const ordered = list.toSorted((a, b) => a.index - b.index);
  const used =
    ordered[0]!.index < 0 ? ordered.slice(0, 1) : ordered.filter((s, i) => s.index !== ordered[i - 1]?.index);
  const [, charset, first] = (used[0]!.encoded && /^([^']*)'[^']*'(.*)$/s.exec(used[0]!.value)) || [];
  const bytes: Buffer[] = [];
  for (const [i, { encoded, value }] of used.entries()) {
    const text = i === 0 && first !== undefined ? first : value;
    bytes.push(encoded ? percentDecode(text) : Buffer.from(text));
  }
  return decodeCharset(charset || 'utf-8', Buffer.concat(bytes)).replace(/[\r\n\0]/g, ' ');
}

function percentDecode(text: string): Buffer {
  const binary = text.replace(/%[0-9a-f]{2}|[^\0-\x7f]+/gi, (found) =>
    found[0] === '%'
      ? String.fromCharCode(Number.parseInt(found.slice(1), 16))
      : Buffer.from(found).toString('latin1'),
  );
  return Buffer.from(binary, 'latin1');
}
