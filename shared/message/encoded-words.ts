import { decodeCharset } from './charset.ts';

interface EncodedWord {
  readonly charset: string;
  readonly bytes: Buffer;
  readonly end: number;
}

const maxCharset = 64;

/**
 * Decodes the encoded words of a header value (RFC 2047, RFC 2231 §5) to text. White space between two of them goes (§6.2); a character
 * that was cut in two between neighbours of one charset is whole again. What is malformed stays as it is.
 */
export function decodeWords(value: string): string {
  if (!value.includes('=?')) return value;
  let out = '';
  let plainFrom = 0;
  let charset = '';
  let pending: Buffer[] = [];
  const flush = (): void => {
    if (pending.length > 0) out += decodeCharset(charset, Buffer.concat(pending));
    pending = [];
  };
  let at = value.indexOf('=?');
  while (at >= 0) {
    const word = encodedWordAt(value, at);
    if (word === 'none') break;
    if (word === undefined) {
      at = value.indexOf('=?', at + 2);
      continue;
    }
    const between = value.slice(plainFrom, at);
    const adjacent = pending.length > 0 && isBlank(between);
    if (!adjacent || word.charset !== charset) flush();
    if (!adjacent) out += between;
    charset = word.charset;
    pending.push(word.bytes);
    plainFrom = word.end;
    at = value.indexOf('=?', word.end);
  }
  flush();
  return out + value.slice(plainFrom);
}

const isBlank = (text: string): boolean => /^[ \t\r\n]*$/.test(text);

/** 'none' where nothing that ends as an encoded word does follows at all. */
function encodedWordAt(value: string, start: number): EncodedWord | 'none' | undefined {
  const charsetEnd = value.slice(start + 2, start + 2 + maxCharset + 1).indexOf('?') + start + 2;
  if (charsetEnd <= start + 2 || value[charsetEnd + 2] !== '?') return undefined;
  const encoding = value[charsetEnd + 1]!.toLowerCase();
  if (encoding !== 'b' && encoding !== 'q') return undefined;
  const charset = value
    .slice(start + 2, charsetEnd)
    .replace(/\*.*$/s, '')
    .toLowerCase();
  if (!/^[^\s()<>@,;:"/[\].=]*(?:\.[^\s()<>@,;:"/[\].=]*)*$/.test(charset) || charset === '')
    return undefined;
  const textStart = charsetEnd + 3;
  const end = value.indexOf('?=', textStart);
  if (end < 0) return 'none';
  const text = value.slice(textStart, end);
  return { charset, bytes: encoding === 'b' ? Buffer.from(text, 'base64') : qBytes(text), end: end + 2 };
}

/** RFC 2047 §4.2. */
function qBytes(text: string): Buffer {
  const binary = text.replace(/_|=[0-9a-f]{2}|[^\0-\x7f]+/gi, (found) => {
    if (found === '_') return ' ';
    if (found[0] === '=') return String.fromCharCode(Number.parseInt(found.slice(1), 16));
    return Buffer.from(found).toString('latin1');
  });
  return Buffer.from(binary, 'latin1');
}
