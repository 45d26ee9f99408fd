/** Octets of text that one encoded word holds so that it stays within 75 characters (RFC 2047 §2). */
const wordOctets = 45;

/**
 * Text with everything from its first to its last word that is not ASCII as encoded words (RFC 2047), the rest as it is.
 * Words that are encoded words already stay, outside that span.
 */
export function encodeWords(text: string): string {
  const first = text.search(/[^\0-\x7f]/);
  if (first < 0) return text;
  // From both ends by hand: a pattern for the end of a text is tried at each of its characters, and a field may have a million.
  let start = first;
  while (start > 0 && !isBlank(text, start - 1)) start--;
  let end = text.length;
  while (text.charCodeAt(end - 1) < 0x80) end--;
  while (end < text.length && !isBlank(text, end)) end++;
  return text.slice(0, start) + encodedWords(text.slice(start, end)).join(' ') + text.slice(end);
}

const isBlank = (text: string, at: number): boolean => text[at] === ' ' || text[at] === '\t';

/** All of a text as encoded words, which belong one after another with nothing but white space between. */
export function encodedWords(text: string): string[] {
  const encoded: string[] = [];
  let chunk = '';
  let octets = 0;
  const flush = () => {
    if (chunk !== '') encoded.push(word(chunk));
    chunk = '';
    octets = 0;
  };
  // A character's octets stay in one word, RFC 2047 §5.
  for (const character of text.toWellFormed()) {
    const size = Buffer.byteLength(character);
    if (octets + size > wordOctets) flush();
    chunk += character;
    octets += size;
  }
  flush();
  return encoded;
}

/** "Q" where it is readable and short enough, else "B". */
function word(text: string): string {
  let q = '';
  for (const octet of Buffer.from(text)) {
    const character = String.fromCharCode(octet);
    if (/[A-Za-z0-9!*+\-/]/.test(character)) q += character;
    else if (octet === 0x20) q += '_';
    else q += `=${octet.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  const b = Buffer.from(text).toString('base64');
  return q.length <= b.length ? `=?UTF-8?Q?${q}?=` : `=?UTF-8?B?${b}?=`;
}
