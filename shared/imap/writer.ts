import { encodeWords } from '../message/encode-words.ts';
import { atomChar, characterClass } from './characters.ts';
import { dateTimeOctets, writeDateTime } from './dates.ts';
import { encodeMailboxName } from './mailbox-name.ts';
import { type NumberRange, star } from './sequence-set.ts';

/** What text a session may be sent: 'utf8' once it has enabled IMAP4rev2 or UTF8=ACCEPT. */
export type ResponseText = 'ascii' | 'utf8';

const nothing = Buffer.alloc(0);
const smallest = 256;
const largest = 131_072;

/** Buffers of the largest size that were sent, for the next writer that needs one: a long answer goes through a few of them. */
const spares: Buffer[] = [];
const sparesKept = 8;

/** Gives back what `take` handed over, once nobody looks at it any more. */
export function recycle(taken: Uint8Array): void {
  if (taken.buffer.byteLength !== largest || spares.length >= sparesKept) return;
  spares.push(Buffer.from(taken.buffer as ArrayBuffer));
}

/** Octets after which a session should send what it has before it encodes more. */
export const flushAt = 32_768;

/** Octets of an ASCII text, for what is written often. */
export const ascii = (text: string): Uint8Array => Buffer.from(text, 'latin1');

/**
 * Encodes responses into one buffer for one socket write. `take` hands the buffer over, so what is on its way is never
 * written into again, and a writer that is idle holds no memory. The next buffer starts as large as the last ones were
 * filled. Methods are named after the productions of RFC 9051 §9 and return nothing: the order of calls is the order of octets.
 */
export class ResponseWriter {
  /** Changed by the session's ENABLE. */
  text: ResponseText;
  #bytes: Buffer = nothing;
  #length = 0;
  #first = smallest;
  /** Length right after `open`, while nothing follows it. */
  #openedAt = -1;

  constructor(text: ResponseText = 'ascii') {
    this.text = text;
  }

  /** Octets not yet taken. */
  get length(): number {
    return this.#length;
  }

  /** Everything written since the last `take`; the caller's own from now on. */
  take(): Uint8Array {
    const length = this.#length;
    if (length === 0) return nothing;
    const taken = this.#bytes.subarray(0, length);
    this.#openedAt = this.#openedAt === length ? 0 : -1;
    if (length * 2 > this.#first) this.#first = Math.min(largest, this.#first * 2);
    else if (length * 8 < this.#first) this.#first = Math.max(smallest, this.#first / 2);
    this.#bytes = nothing;
    this.#length = 0;
    return taken;
  }

  /** A copy of what was written since the length was `from`; nothing may have been taken meanwhile. */
  since(from: number): Uint8Array {
    return new Uint8Array(this.#bytes.subarray(from, this.#length));
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const size = Math.max(this.#first, needed, Math.min(this.#bytes.length * 2, needed + 1_048_576));
    const grown = (size === largest ? spares.pop() : undefined) ?? Buffer.allocUnsafe(size);
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }

  /** Octets as they are. */
  raw(octets: Uint8Array): void {
    const count = octets.length;
    this.#reserve(count);
    // A call into the runtime costs more than a short loop.
    if (count > 48) this.#bytes.set(octets, this.#length);
    else for (let i = 0, bytes = this.#bytes, at = this.#length; i < count; i++) bytes[at + i] = octets[i]!;
    this.#length += count;
  }

  /** A piece of a buffer as it is. */
  copy(octets: Buffer, from: number, to: number): void {
    const count = to - from;
    this.#reserve(count);
    octets.copy(this.#bytes, this.#length, from, to);
    this.#length += count;
  }

  /** ASCII text as it is; the caller vouches for it. */
  ascii(text: string): void {
    const count = text.length;
    this.#reserve(count);
    if (count > 64) this.#bytes.write(text, this.#length, 'latin1');
    else
      for (let i = 0, bytes = this.#bytes, at = this.#length; i < count; i++)
        bytes[at + i] = text.charCodeAt(i);
    this.#length += count;
  }

  /** Up to `most` octets, put where they belong: `write` is given the buffer and where they begin, and returns where they end. */
  inPlace(most: number, write: (bytes: Uint8Array, at: number) => number): void {
    this.#reserve(most);
    this.#length = write(this.#bytes, this.#length);
  }

  sp(): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = 0x20;
  }

  /** "(" of a list whose items are parted by `gap`. */
  open(): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = 0x28;
    this.#openedAt = this.#length;
  }

  /** SP between the items of a list: nothing right after `open`. */
  gap(): void {
    if (this.#openedAt !== this.#length) this.sp();
    this.#openedAt = -1;
  }

  crlf(): void {
    this.#reserve(2);
    this.#bytes[this.#length++] = 13;
    this.#bytes[this.#length++] = 10;
  }

  /** A whole number from 0 to 2^53-1. */
  number(value: number): void {
    this.#reserve(longestNumber);
    this.#length = putNumber(this.#bytes, this.#length, value);
  }

  /** date-time in quotes, from milliseconds since 1970, in UTC. */
  dateTime(time: number): void {
    this.#reserve(dateTimeOctets);
    writeDateTime(this.#bytes, this.#length, time);
    this.#length += dateTimeOctets;
  }

  /**
   * string: quoted where that can hold the text in this session, else a literal of UTF-8. NUL, which neither may hold,
   * becomes '?'.
   */
  string(text: string): void {
    const kind = kindOf(text);
    if (kind === 'plain') {
      this.#reserve(text.length + 2);
      this.#bytes[this.#length++] = 0x22;
      this.ascii(text);
      this.ascii('"');
    } else if (kind === 'quotable' || (kind === 'eightBit' && this.text === 'utf8')) {
      const quoted = Buffer.from(`"${text.replace(/["\\]/g, '\\$&')}"`);
      this.raw(quoted);
    } else {
      const octets = Buffer.from(text.replaceAll('\0', '?'));
      this.literal(octets.length);
      this.raw(octets);
    }
  }

  /** nstring: NIL for undefined. */
  nstring(text: string | undefined): void {
    if (text === undefined) this.ascii('NIL');
    else this.string(text);
  }

  /** A header's value as nstring: where the session takes only ASCII, 8-bit text goes as encoded words (RFC 2047). */
  headerValue(text: string | undefined): void {
    this.nstring(text !== undefined && this.text === 'ascii' ? encodeWords(text) : text);
  }

  /** astring: an atom where it is one that nothing could take for NIL. */
  astring(text: string): void {
    if (isAtom(text) && text.toUpperCase() !== 'NIL') this.ascii(text);
    else this.string(text);
  }

  /** A mailbox name in the session's encoding: modified UTF-7 or UTF-8. */
  mailbox(name: string): void {
    this.astring(this.text === 'utf8' ? name : encodeMailboxName(name, 'modifiedUtf7'));
  }

  /** The announcement of a literal whose octets the caller writes or streams next; 'binary' is literal8 (RFC 3516). */
  literal(size: number, content: 'text' | 'binary' = 'text'): void {
    this.ascii(content === 'binary' ? '~{' : '{');
    this.number(size);
    this.ascii('}\r\n');
  }

  /** One range of a sequence-set. */
  range(range: NumberRange): void {
    this.#numberOrStar(range.first);
    if (range.last === range.first) return;
    this.ascii(':');
    this.#numberOrStar(range.last);
  }

  /** sequence-set of ranges in their order; at least one. */
  ranges(ranges: readonly NumberRange[]): void {
    for (let i = 0; i < ranges.length; i++) {
      if (i > 0) this.ascii(',');
      this.range(ranges[i]!);
    }
  }

  #numberOrStar(value: number): void {
    if (value === star) this.ascii('*');
    else this.number(value);
  }

  /** "(" items ")" with SP between. */
  list<T>(items: Iterable<T>, write: (item: T) => void): void {
    this.open();
    for (const item of items) {
      this.gap();
      write(item);
    }
    this.ascii(')');
  }
}

/** Digits of a number, at most. */
export const longestNumber = 16;

/** Writes a whole number from 0 to 2^53-1 and returns where it ends. */
export function putNumber(bytes: Uint8Array, at: number, value: number): number {
  if (value < 10) {
    bytes[at] = 48 + value;
    return at + 1;
  }
  const end = at + digitsOf(value);
  let place = end;
  let rest = value;
  // Above 31 bits division is in floating point, and slower.
  while (rest > 0x7fff_ffff) {
    const tenth = Math.floor(rest / 10);
    bytes[--place] = 48 + (rest - tenth * 10);
    rest = tenth;
  }
  for (let small = rest | 0; small > 0; ) {
    const tenth = (small / 10) | 0;
    bytes[--place] = 48 + small - tenth * 10;
    small = tenth;
  }
  return end;
}

function digitsOf(value: number): number {
  if (value < 1e5) return value < 1e2 ? 2 : value < 1e3 ? 3 : value < 1e4 ? 4 : 5;
  let digits = 6;
  for (let bound = 1e6; value >= bound; bound *= 10) digits++;
  return digits;
}

/** 'plain': quoted as it is; 'quotable': quoted with escapes; 'eightBit': also not ASCII; 'literal': CR, LF or NUL in it. */
function kindOf(text: string): 'plain' | 'quotable' | 'eightBit' | 'literal' {
  let kind: 'plain' | 'quotable' | 'eightBit' = 'plain';
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 13 || code === 10 || code === 0) return 'literal';
    if (code > 0x7f) kind = 'eightBit';
    else if ((code === 0x22 || code === 0x5c) && kind === 'plain') kind = 'quotable';
  }
  return kind;
}

function isAtom(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f || !(characterClass[code]! & atomChar)) return false;
  }
  return text.length > 0;
}
