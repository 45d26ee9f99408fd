/** Classes of octets in RFC 9051 §9, as bits of a table. */

/** ATOM-CHAR: printable ASCII but ( ) { SP % * " \ ] */
export const atomChar = 1;
/** ASTRING-CHAR: also ']'. */
export const astringChar = 2;
/** What a flag may hold: an atom; forgiven: ']' in keywords. */
export const flagChar = astringChar;
/** What a tag may hold: ASTRING-CHAR but '+'. */
export const tagChar = 4;
/** What an unquoted argument may hold where clients are forgiven for not quoting: all but SP, controls, " ( and ). */
export const looseChar = 8;
/** What may stand in a quoted string without '\'; 8-bit included, since UTF-8 is taken at all times. */
export const quotedChar = 16;

export const characterClass = new Uint8Array(256);
for (let octet = 0; octet < 256; octet++) {
  const character = String.fromCharCode(octet);
  const printable = octet > 0x20 && octet < 0x7f;
  let bits = 0;
  if (printable && !'(){%*"\\'.includes(character)) {
    bits |= astringChar;
    if (character !== ']') bits |= atomChar;
    if (character !== '+') bits |= tagChar;
  }
  if (octet > 0x20 && octet !== 0x7f && !'"()'.includes(character)) bits |= looseChar;
  if (octet !== 0 && octet !== 10 && octet !== 13 && octet !== 0x22 && octet !== 0x5c) bits |= quotedChar;
  characterClass[octet] = bits;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text of octets that are UTF-8, or else (forgiven: old clients) Latin-1. */
export function decodeText(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < buffer.length; i++) {
    if (buffer[i]! < 0x80) continue;
    try {
      return utf8.decode(buffer);
    } catch {
      break;
    }
  }
  return buffer.toString('latin1');
}
