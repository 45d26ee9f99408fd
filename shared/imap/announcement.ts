import { characterClass, tagChar } from './characters.ts';

/** A literal that a line announces at its end; on a frame, APPEND's message, whose octets are next on the stream. */
export interface MessageLiteral {
  readonly size: number;
  /** 'wait': the client sends nothing before it is told `+`; 'sent': the octets are on their way (LITERAL+). */
  readonly sync: 'wait' | 'sent';
}

/** The literal that a line announces at its end `stop`: {n}, {n+}, with '~' before or not (RFC 9051 §4.3, RFC 7888). */
export function announcedAt(data: Uint8Array, start: number, stop: number): MessageLiteral | undefined {
  let at = stop - 1;
  if (at < start || data[at] !== 0x7d) return undefined;
  const sync = data[--at] === 0x2b ? 'sent' : 'wait';
  if (sync === 'sent') at--;
  let size = 0;
  let digits = 0;
  for (let unit = 1; at >= start; at--, unit *= 10, digits++) {
    const digit = data[at]! - 48;
    if (digit < 0 || digit > 9) break;
    // Nineteen digits are a number64; more precision than a double has does not matter, they are refused anyway.
    size += digit * unit;
  }
  if (digits === 0 || digits > 19 || at < start || data[at] !== 0x7b) return undefined;
  return { size, sync };
}

/** Whether the literal announced at `stop` is APPEND's message and not its mailbox name. */
export function announcesMessage(data: Buffer, start: number, stop: number): boolean {
  // tag SP "APPEND" SP, then at least one octet of mailbox before the announcement.
  let at = start;
  while (at < stop && characterClass[data[at]!]! & tagChar) at++;
  const afterTag = at;
  while (data[at] === 0x20) at++;
  if (at === afterTag || data.toString('latin1', at, at + 6).toUpperCase() !== 'APPEND') return false;
  at += 6;
  const afterName = at;
  while (data[at] === 0x20) at++;
  if (at === afterName) return false;
  const announcement = data.lastIndexOf(0x7b, stop - 1);
  const first = data[announcement - 1] === 0x7e ? announcement - 1 : announcement;
  return at < first;
}

/** The tag that a command starts with, for its BAD. */
export function tagOf(bytes: Uint8Array): string | undefined {
  let end = 0;
  while (end < bytes.length && end <= 128 && characterClass[bytes[end]!]! & tagChar) end++;
  if (end === 0 || end > 128 || (bytes[end] !== 0x20 && end < bytes.length)) return undefined;
  return Buffer.from(bytes.buffer, bytes.byteOffset, end).toString('latin1');
}
