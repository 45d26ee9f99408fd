import {
  astringChar,
  atomChar,
  characterClass,
  decodeText,
  flagChar,
  looseChar,
  quotedChar,
} from './characters.ts';
import { parseDateTime } from './dates.ts';
import { canonicalFlag } from './flags.ts';
import { decodeMailboxName, decodeNameText, type MailboxName, type NameEncoding } from './mailbox-name.ts';
import { maxNumber, type SequenceSet, scanSequenceSet } from './sequence-set.ts';

/** Carries a syntax fault to the border of the parser, where it becomes a BadSyntax. Not an Error: no stack is taken. */
export class SyntaxFault {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Most ranges in a set and items in a list; the line bound is lower in practice. */
const maxRanges = 100_000;

/**
 * A command's octets, read by the productions of RFC 9051 §9. Literals stand in place: `{3}` CRLF and three octets. Every
 * method either moves past what it names or throws a SyntaxFault; none reads past the end.
 */
export class ArgReader {
  readonly bytes: Buffer;
  readonly names: NameEncoding;
  at = 0;

  constructor(bytes: Uint8Array, names: NameEncoding) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.names = names;
  }

  fail(text: string): never {
    throw new SyntaxFault(text);
  }

  /** The octet at hand; -1 at the end. */
  peek(): number {
    return this.bytes[this.at] ?? -1;
  }

  /** Whether the character is at hand; if so, moves past it. */
  took(character: string): boolean {
    if (this.bytes[this.at] !== character.charCodeAt(0)) return false;
    this.at++;
    return true;
  }

  expect(character: string): void {
    if (!this.took(character)) this.fail(`Expected "${character}"`);
  }

  /** SP. Forgiven: several. */
  sp(): void {
    if (!this.took(' ')) this.fail(this.at >= this.bytes.length ? 'Missing argument' : 'Expected a space');
    while (this.took(' '));
  }

  /** Whether another argument follows; if so, moves to it. */
  tookSp(): boolean {
    const start = this.at;
    while (this.took(' '));
    if (this.at === start || this.at >= this.bytes.length) return false;
    return true;
  }

  /** Forgiven: spaces at the end of the line, sent by hand and by some scripts. */
  end(): void {
    while (this.took(' '));
    if (this.at < this.bytes.length) this.fail('Unexpected text at the end of the command');
  }

  /** One or more octets of a class, as text; '' where there is none. */
  run(charClass: number): string {
    const { bytes } = this;
    const start = this.at;
    let at = start;
    while (at < bytes.length && characterClass[bytes[at]!]! & charClass) at++;
    this.at = at;
    return bytes.toString('latin1', start, at);
  }

  atom(): string {
    return this.run(atomChar) || this.fail('Expected an atom');
  }

  /** An atom in upper case: names of commands, options and items come in any case. */
  word(): string {
    return this.atom().toUpperCase();
  }

  /** The word at hand, if it is this one; moves past it. */
  tookWord(word: string): boolean {
    const start = this.at;
    if (this.run(atomChar).toUpperCase() === word) return true;
    this.at = start;
    return false;
  }

  /** number: up to 2^32-1. */
  number(): number {
    const value = this.number64();
    return value > maxNumber ? this.fail('Number is too large') : value;
  }

  nzNumber(): number {
    return this.number() || this.fail('Number must not be zero');
  }

  /** number64, up to 2^63-1; what exceeds a safe integer comes out as the largest safe one. */
  number64(): number {
    const start = this.at;
    let value = 0;
    for (let digit = this.peek() - 48; digit >= 0 && digit <= 9; digit = this.peek() - 48) {
      value = value * 10 + digit;
      this.at++;
    }
    if (this.at === start) this.fail('Expected a number');
    if (this.at - start > 19) this.fail('Number is too large');
    return Math.min(value, Number.MAX_SAFE_INTEGER);
  }

  /** quoted, literal or literal8, as octets; undefined where none of them is at hand. */
  tookString(): Buffer | undefined {
    switch (this.peek()) {
      case 0x22:
        return this.#quoted();
      case 0x7b:
        return this.#literal('text');
      case 0x7e:
        if (this.bytes[this.at + 1] !== 0x7b) return undefined;
        this.at++;
        return this.#literal('binary');
      default:
        return undefined;
    }
  }

  /** string, as octets. */
  string(): Buffer {
    return this.tookString() ?? this.fail('Expected a string');
  }

  /** astring, as octets. */
  astringBytes(): Buffer {
    const bytes = this.tookString();
    if (bytes) return bytes;
    const start = this.at;
    this.run(astringChar);
    return this.at > start ? this.bytes.subarray(start, this.at) : this.fail('Expected a string');
  }

  /**
   * astring as text. Forgiven: unquoted characters that should be quoted (`%`, `*`, `\`, `{`, 8-bit), since user names,
   * passwords and mailbox names come that way; only SP, parentheses, '"' and controls end it.
   */
  astring(): string {
    const bytes = this.tookString();
    if (bytes) return decodeText(bytes);
    const start = this.at;
    this.run(looseChar);
    return this.at > start ? decodeText(this.bytes.subarray(start, this.at)) : this.fail('Expected a string');
  }

  /** nstring as text; undefined for NIL. */
  nstring(): string | undefined {
    const bytes = this.tookString();
    if (bytes) return decodeText(bytes);
    return this.tookWord('NIL') ? undefined : this.fail('Expected a string or NIL');
  }

  /** '\' escapes '"' and '\'; forgiven: before anything else it stands for itself ("DOMAIN\user"). */
  #quoted(): Buffer {
    const { bytes } = this;
    const start = ++this.at;
    let at = start;
    while (at < bytes.length && characterClass[bytes[at]!]! & quotedChar) at++;
    if (bytes[at] === 0x22) {
      this.at = at + 1;
      return bytes.subarray(start, at);
    }
    const plain: number[] = [...bytes.subarray(start, at)];
    for (; at < bytes.length; at++) {
      let octet = bytes[at]!;
      if (octet === 0x22) {
        this.at = at + 1;
        return Buffer.from(plain);
      }
      if (octet === 0x5c) {
        const next = bytes[at + 1];
        if (next === 0x22 || next === 0x5c) {
          octet = next;
          at++;
        }
      } else if (!(characterClass[octet]! & quotedChar)) break;
      plain.push(octet);
    }
    return this.fail('Quoted string is not closed');
  }

  #literal(content: 'text' | 'binary'): Buffer {
    const size = this.announcement();
    this.took('\r');
    if (!this.took('\n')) this.fail('Expected a literal');
    const start = this.at;
    if (size > this.bytes.length - start) this.fail('Literal is not complete');
    this.at = start + size;
    const literal = this.bytes.subarray(start, this.at);
    return content === 'text' && literal.includes(0) ? this.fail('NUL in a literal') : literal;
  }

  /** `{n}` or `{n+}` without its line end; n. */
  announcement(): number {
    this.expect('{');
    const size = this.number64();
    this.took('+');
    this.expect('}');
    return size;
  }

  /** "(" items ")"; forgiven: spaces inside the parentheses. Empty lists are the caller's to judge. */
  list<T>(item: () => T): T[] {
    const items: T[] = [];
    this.expect('(');
    while (this.took(' '));
    while (!this.took(')')) {
      items.push(item());
      if (this.peek() !== 0x29) this.sp();
    }
    return items;
  }

  mailbox(): MailboxName {
    return decodeMailboxName(this.astring(), this.names);
  }

  /** list-mailbox: an astring in which wildcards need no quotes. */
  pattern(): string {
    return decodeNameText(this.astring(), this.names);
  }

  sequenceSet(): SequenceSet {
    const scanned = scanSequenceSet(this.bytes, this.at, maxRanges);
    if (!scanned) return this.fail('Invalid sequence set');
    this.at = scanned.end;
    return scanned.set;
  }

  /** flag, see `canBeFlag`. */
  flag(): string {
    const slash = this.took('\\') ? '\\' : '';
    return canonicalFlag(slash + (this.run(flagChar) || this.fail('Invalid flag')));
  }

  dateTime(): number {
    return parseDateTime(decodeText(this.string())) ?? this.fail('Invalid date-time');
  }
}
