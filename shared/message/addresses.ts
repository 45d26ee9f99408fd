import { readQuoted, skipCfws } from './parameters.ts';
import type { EnvelopeAddress } from './structure.ts';

/** More addresses than this in one field are ignored. */
export const maxAddresses = 10_000;
/** Characters of an obsolete route that are looked through. */
const maxRoute = 1000;

interface Word {
  readonly text: string;
  readonly spaced: boolean;
}

const join = (words: readonly Word[]): string =>
  words.map((word, i) => (i > 0 && word.spaced ? ` ${word.text}` : word.text)).join('');
/** Encoded words (RFC 2047 §2) are taken whole: broken mailers leave commas in them. */
const encodedWord = /=\?[^?\s]{1,64}\?[bq]\?[^?\s]*\?=/iy;
const atom = /[^\s"(),.:;<>@[\\\]]+/y;

/**
 * Parses an address list (RFC 5322 §3.4 with the obsolete forms of §4.4), already unfolded, into ENVELOPE addresses (RFC 9051 §7.5.2).
 * Encoded words stay as received. Never fails: what is no address comes out as a mailbox with an empty host.
 */
export function parseAddresses(text: string): EnvelopeAddress[] {
  return new AddressReader(text).list();
}

class AddressReader {
  readonly #text: string;
  #at = 0;
  #comment: string | undefined;
  #inGroup = false;
  readonly #out: EnvelopeAddress[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  list(): EnvelopeAddress[] {
    while (this.#at < this.#text.length && this.#out.length < maxAddresses) {
      const words = this.#words();
      const stop = this.#text[this.#at];
      if (stop === '<') this.#angle(words);
      else if (stop === ':') this.#openGroup(words);
      else this.#plain(words);
      this.#comment = undefined;
    }
    if (this.#inGroup) this.#closeGroup();
    return this.#out;
  }

  /** Words up to the next delimiter, which is not taken. */
  #words(delimiters = ',;<:'): Word[] {
    const words: Word[] = [];
    let spaced = false;
    let at = false;
    while (this.#at < this.#text.length) {
      const c = this.#text[this.#at]!;
      if (c === ' ' || c === '\t' || c === '(') {
        this.#skip();
        spaced = true;
        continue;
      }
      if (delimiters.includes(c) && !(c === ':' && (this.#inGroup || at))) break;
      if (c === '@') at = true;
      words.push({ text: this.#word(c), spaced });
      spaced = false;
    }
    return words;
  }

  #word(c: string): string {
    const start = this.#at;
    if (c === '"') {
      const quoted = readQuoted(this.#text, start);
      this.#at = quoted.end;
      return quoted.value;
    }
    if (c === '[') {
      const near = this.#text.slice(start, start + 256);
      const literal = near.slice(0, near.indexOf(']') + 1) || '[';
      this.#at += literal.length;
      return literal;
    }
    for (const pattern of c === '=' ? [encodedWord, atom] : [atom]) {
      pattern.lastIndex = start;
      const found = pattern.exec(this.#text);
      if (found === null) continue;
      this.#at += found[0].length;
      return found[0];
    }
    this.#at++;
    return c;
  }

  /** White space and comments; the last comment may serve as the name (RFC 822's "joe@example.org (Joe)"). */
  #skip(): void {
    const start = this.#at;
    this.#at = skipCfws(this.#text, start);
    const skipped = this.#text.slice(start, this.#at).trim();
    if (skipped.startsWith('('))
      this.#comment = skipped
        .replace(/^\(|\)$/g, '')
        .replace(/\\(.)/g, '$1')
        .trim();
  }

  #openGroup(words: readonly Word[]): void {
    this.#at++;
    this.#inGroup = true;
    this.#out.push({ name: undefined, mailbox: join(words), host: undefined });
  }

  #closeGroup(): void {
    this.#inGroup = false;
    this.#out.push({ name: undefined, mailbox: undefined, host: undefined });
  }

  #endAddress(): void {
    if (this.#text[this.#at] === ';' && this.#inGroup) this.#closeGroup();
    this.#at++;
  }

  #angle(phrase: readonly Word[]): void {
    this.#at++;
    this.#comment = undefined;
    let words = this.#words(',;>');
    // obs-route (RFC 5322 §4.4): "<@a,@b:joe@c>" is "<joe@c>"
    if (words[0]?.text === '@') {
      const colon = words.findLastIndex((word) => word.text === ':');
      const rest = /^[^:>]*:/.exec(this.#text.slice(this.#at, this.#at + maxRoute));
      if (colon >= 0) words = words.slice(colon + 1);
      else if (rest !== null) {
        this.#at += rest[0].length;
        words = this.#words(',;>');
      }
    }
    if (this.#text[this.#at] === '>') {
      this.#at++;
      this.#words(',;');
    }
    this.#push(words, phrase);
    this.#endAddress();
  }

  #plain(words: readonly Word[]): void {
    if (words.length > 0) {
      const at = words.findLastIndex((word) => word.text === '@');
      // "John Doe joe@example.org": what stands apart before the local part is the name
      let local = at;
      while (
        local > 0 &&
        !(words[local]!.spaced && local < at && words[local]!.text !== '.' && words[local - 1]!.text !== '.')
      )
        local--;
      if (at > 0 && local > 0) this.#push(words.slice(local), words.slice(0, local));
      else this.#push(words, []);
    }
    this.#endAddress();
  }

  #push(words: readonly Word[], phrase: readonly Word[]): void {
    const at = words.findLastIndex((word) => word.text === '@');
    const name = join(phrase).trim() || this.#comment || undefined;
    const bare = (list: readonly Word[]): string => list.map((word) => word.text).join('');
    if (at < 0) this.#out.push({ name, mailbox: join(words), host: '' });
    else this.#out.push({ name, mailbox: bare(words.slice(0, at)), host: bare(words.slice(at + 1)) });
  }
}
