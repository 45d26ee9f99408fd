/** A value of a response: RFC 9051 §9 has atoms, strings and lists; `adjacent` items of a list stand without SP between. */
export type Value =
  | { readonly kind: 'atom'; readonly text: string }
  | { readonly kind: 'string'; readonly form: 'quoted' | 'literal' | 'literal8'; readonly octets: Buffer }
  | { readonly kind: 'list'; readonly items: readonly Value[]; readonly gaps: readonly ('sp' | 'none')[] };

export class Ungrammatical extends Error {}

/** Reads one response, octet by octet, as strictly as the grammar is: one SP where it has SP, none where it has none. */
export class ResponseReader {
  readonly octets: Buffer;
  readonly #utf8: boolean;
  at = 0;

  /** `utf8`: the client has enabled IMAP4rev2 or UTF8=ACCEPT, so that quoted strings may hold UTF-8 (RFC 6855 §3). */
  constructor(octets: Buffer, utf8: boolean) {
    this.octets = octets;
    this.#utf8 = utf8;
  }

  fail(what: string): never {
    const near = this.octets.toString('latin1', Math.max(0, this.at - 40), this.at + 40);
    throw new Ungrammatical(`${what} at octet ${this.at}, near ${JSON.stringify(near)}`);
  }

  peek(): string {
    return String.fromCharCode(this.octets[this.at] ?? 0);
  }

  is(text: string): boolean {
    return this.octets.toString('latin1', this.at, this.at + text.length) === text;
  }

  take(text: string): void {
    if (!this.is(text)) this.fail(`expected ${JSON.stringify(text)}`);
    this.at += text.length;
  }

  match(pattern: RegExp, what: string): string {
    const sticky = new RegExp(pattern.source, 'y');
    const found = sticky.exec(this.octets.toString('latin1', this.at))?.[0];
    if (found === undefined) return this.fail(`expected ${what}`);
    this.at += found.length;
    return found;
  }

  sp(): void {
    this.take(' ');
  }

  /** CRLF, and nothing behind it. */
  end(): void {
    this.take('\r\n');
    if (this.at !== this.octets.length) this.fail('the response goes on');
  }

  number(): number {
    return Number(this.match(/0|[1-9]\d*/, 'a number'));
  }

  string(): Value {
    if (this.peek() === '"') return this.#quoted();
    const announced = this.match(/~?\{\d+\}\r\n/, 'a string');
    const size = Number(/\d+/.exec(announced)![0]);
    const octets = this.octets.subarray(this.at, this.at + size);
    if (octets.length !== size) this.fail('a literal breaks off');
    const form = announced.startsWith('~') ? 'literal8' : 'literal';
    // CHAR8 has no NUL.
    if (form === 'literal' && octets.includes(0)) this.fail('NUL in a literal');
    this.at += size;
    return { kind: 'string', form, octets };
  }

  #quoted(): Value {
    const begin = ++this.at;
    for (; this.peek() !== '"'; this.at++) {
      const octet = this.octets[this.at];
      if (octet === undefined || octet === 0 || octet === 10 || octet === 13) this.fail('no end of quoted');
      if (octet! > 0x7f && !this.#utf8) this.fail('8-bit in a quoted string');
      if (octet === 0x5c && !/["\\]/.test(String.fromCharCode(this.octets[++this.at]!)))
        this.fail('a needless escape');
    }
    const octets = this.octets.subarray(begin, this.at++);
    new TextDecoder('utf-8', { fatal: true }).decode(octets);
    return { kind: 'string', form: 'quoted', octets };
  }

  /** An atom as responses have them: flags, numbers, sets, dates without quotes, capability names. */
  atom(): Value {
    return { kind: 'atom', text: this.match(/[^\x00-\x20"(){}\x7f-\xff]+/, 'an atom') };
  }

  value(): Value {
    const next = this.peek();
    if (next === '(') return this.list();
    if (next === '"' || next === '{' || this.is('~{')) return this.string();
    return this.atom();
  }

  list(): Extract<Value, { kind: 'list' }> {
    this.take('(');
    const items: Value[] = [];
    const gaps: ('sp' | 'none')[] = [];
    while (this.peek() !== ')') {
      if (items.length > 0) {
        const gap = this.peek() === ' ' ? 'sp' : 'none';
        if (gap === 'sp') this.at++;
        gaps.push(gap);
      }
      items.push(this.value());
    }
    this.at++;
    return { kind: 'list', items, gaps };
  }

  astring(): void {
    if (this.peek() === '"' || this.peek() === '{') this.string();
    else this.match(/[^\x00-\x20"(){}%*\\\x7f-\xff]+/, 'an astring');
  }
}
