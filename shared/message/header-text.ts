import { isAscii, isUtf8 } from 'node:buffer';

/** The same bytes as a Buffer, without a copy. */
export const asBuffer = (bytes: Uint8Array): Buffer =>
  bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Bytes of a header as text: UTF-8 where they are valid (RFC 6532), else Latin-1, so that nothing is lost. */
export function headerText(bytes: Uint8Array): string {
  const buffer = asBuffer(bytes);
  return !isAscii(bytes) && isUtf8(bytes) ? buffer.toString('utf8') : buffer.toString('latin1');
}

const broken = /[\r\n\0]/;

/**
 * A field's value as one line (RFC 5322 §2.2.3): line ends before white space go, those that stand anywhere else become
 * a space, NULs go (an IMAP string cannot carry them), white space at both ends goes.
 */
export function unfold(value: string): string {
  const line = broken.test(value)
    ? value
        .replace(/\r?\n(?=[ \t])/g, '')
        .replace(/[\r\n]+/g, ' ')
        .replaceAll('\0', '')
    : value;
  return trimWhiteSpace(line);
}

function trimWhiteSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;
