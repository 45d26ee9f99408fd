import { announcedAt, announcesMessage, type MessageLiteral, tagOf } from './announcement.ts';

/** What one client may make the server hold. Octets, except `literals`. */
export interface FrameLimits {
  /** One command without its literals, or one line of AUTHENTICATE. */
  readonly line: number;
  /** All literals of one command together, APPEND's messages aside. */
  readonly literal: number;
  /** How many literals one command may have, APPEND's messages aside. */
  readonly literals: number;
  /** How much of a refused command is read and thrown away before the connection is given up (RFC 7888 §4). */
  readonly discard: number;
}

export const limitsBeforeLogin: FrameLimits = { line: 8192, literal: 4096, literals: 4, discard: 65_536 };
export const limitsAfterLogin: FrameLimits = {
  line: 65_536,
  literal: 1 << 20,
  literals: 1000,
  discard: 256 << 20,
};

export type Frame =
  /**
   * A whole command without its final line end, other literals in place; or, with `message`, one up to `{n}`: answer with
   * `acceptMessage` or `refuseMessage` before asking for more.
   */
  | { readonly kind: 'command'; readonly bytes: Uint8Array; readonly message: MessageLiteral | undefined }
  /** A synchronising literal is wanted: send `+ ` and ask again. */
  | { readonly kind: 'continue' }
  /** To be answered BAD; the next call goes on with the next command. */
  | { readonly kind: 'bad'; readonly tag: string | undefined; readonly text: string }
  /** To be answered BYE, then closed: where the next command starts is not known or not worth waiting for. */
  | { readonly kind: 'fatal'; readonly text: string };

export type RawLine =
  | { readonly kind: 'line'; readonly bytes: Uint8Array }
  | Extract<Frame, { kind: 'fatal' }>;

const nothing = Buffer.alloc(0);
const lf = 10;
const tooMuch: Frame = { kind: 'fatal', text: 'Too much data' };

/**
 * Cuts a client's octets into commands. It only ever looks at what was pushed and is asked step by step, so a session is a
 * loop: ask; where the answer is undefined read the socket once, push, ask again. Backpressure follows: nothing is read
 * ahead of what the session asks for, and a chunk is cut up without being copied. Octets given out stay valid.
 *
 * Forgiven: line ends of LF alone, and empty lines between commands.
 */
export class LineReader {
  /** Changed when the session signs in. */
  limits: FrameLimits;
  /** What was pushed and not yet given out starts at #start; #data may have spare room behind it in #store. */
  #data: Buffer = nothing;
  #store: Buffer = nothing;
  #start = 0;

  // The command being read, offsets from #start.
  #lineStart = 0;
  #scanned = 0;
  #literalOctets = 0;
  #literals = 0;

  /** The message literal under way and what is still to come of it. */
  #message: { left: number; state: 'offered' | 'accepted'; sync: 'wait' | 'sent' } | undefined;
  /** A refused command whose rest is thrown away: octets of a literal first, then to the line's end. */
  #refused: { literal: number; budget: number; tail: Buffer } | undefined;

  constructor(limits: FrameLimits = limitsBeforeLogin) {
    this.limits = limits;
  }

  /** Octets pushed and not yet given out. */
  get buffered(): number {
    return this.#data.length - this.#start;
  }

  /** Takes a chunk over: the caller must not change it any more. */
  push(chunk: Uint8Array): void {
    const held = this.buffered;
    if (held === 0) {
      this.#data = this.#store = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      this.#start = 0;
      return;
    }
    const end = this.#data.byteOffset + this.#data.length;
    const room = this.#store.byteOffset + this.#store.length - end;
    // Room is only ever in a store of our own; what was given out lies before it and stays as it is.
    if (room >= chunk.length) {
      const from = this.#store.length - room;
      this.#store.set(chunk, from);
      this.#data = this.#store.subarray(0, from + chunk.length);
      return;
    }
    this.#store = Buffer.allocUnsafeSlow(Math.max(1024, (held + chunk.length) * 2));
    this.#store.set(this.#data.subarray(this.#start));
    this.#store.set(chunk, held);
    this.#data = this.#store.subarray(0, held + chunk.length);
    this.#start = 0;
  }

  /** Forgets all that was pushed, which after STARTTLS may be an attacker's (RFC 9051 §11.1); how many octets that was. */
  discardBuffered(): number {
    const count = this.buffered;
    this.#data = this.#store = nothing;
    this.#beginAt(0);
    return count;
  }

  /** The next command, or undefined where more must be pushed first. */
  nextCommand(): Frame | undefined {
    return this.#next('command');
  }

  /** What follows an APPEND's message: the rest of the command, perhaps with the next message (RFC 3502). */
  nextAfterMessage(): Frame | undefined {
    return this.#next('append');
  }

  /** One line as it is, for AUTHENTICATE's responses and IDLE's DONE; without its line end. */
  nextLine(): RawLine | undefined {
    const end = this.#data.indexOf(lf, this.#start + this.#scanned);
    if ((end < 0 ? this.buffered : end - this.#start) > this.limits.line)
      return { kind: 'fatal', text: 'Line is too long' };
    if (end < 0) {
      this.#scanned = this.buffered;
      return undefined;
    }
    const bytes = this.#data.subarray(this.#start, this.#withoutCr(this.#start, end));
    this.#beginAt(end + 1);
    return { kind: 'line', bytes };
  }

  /** The message that was offered is wanted: where its `sync` is 'wait', send `+ ` first. */
  acceptMessage(): void {
    if (this.#message?.state !== 'offered') throw new Error('no message literal is offered');
    this.#message.state = 'accepted';
  }

  /** Octets of the accepted message still to be taken; 0 at its end. */
  get messageLeft(): number {
    return this.#message?.left ?? 0;
  }

  /** Octets of the accepted message as they lie there, or undefined where more must be pushed first. */
  nextMessageBytes(): Uint8Array | undefined {
    const message = this.#message;
    if (message?.state !== 'accepted') throw new Error('no message literal is accepted');
    const count = Math.min(message.left, this.buffered);
    if (count === 0) return undefined;
    const bytes = this.#data.subarray(this.#start, this.#start + count);
    message.left -= count;
    this.#beginAt(this.#start + count);
    return bytes;
  }

  /**
   * Gives the APPEND up, offered or half read. Octets that will come all the same, and the rest of the command, are thrown
   * away by the following `nextCommand`, which is 'fatal' where they are more than `limits.discard`.
   */
  refuseMessage(): void {
    const message = this.#message;
    this.#message = undefined;
    if (message && (message.state === 'accepted' || message.sync === 'sent')) this.#refuse(message.left);
  }

  #beginAt(at: number): void {
    this.#start = at;
    this.#lineStart = this.#scanned = this.#literalOctets = this.#literals = 0;
    // An idle connection holds no memory.
    if (at >= this.#data.length) {
      this.#data = this.#store = nothing;
      this.#start = 0;
    }
  }

  #next(where: 'command' | 'append'): Frame | undefined {
    if (this.#message) {
      if (this.#message.state === 'offered' || this.#message.left > 0)
        throw new Error('a message literal is open');
      this.#message = undefined;
    }
    if (this.#refused) {
      const over = this.#throwAway();
      if (over !== 'done') return over === 'more' ? undefined : tooMuch;
    }
    for (;;) {
      if (this.#lineStart > this.buffered) return undefined; // within a literal
      const end = this.#data.indexOf(lf, this.#start + this.#scanned);
      const lineEnd = end < 0 ? this.buffered : end - this.#start;
      if (lineEnd - this.#literalOctets > this.limits.line) return this.#bad('Command line is too long');
      if (end < 0) {
        this.#scanned = lineEnd;
        return undefined;
      }
      const stop = this.#withoutCr(this.#start + this.#lineStart, end);
      const literal = announcedAt(this.#data, this.#start + this.#lineStart, stop);
      if (!literal) {
        const bytes = this.#data.subarray(this.#start, stop);
        this.#beginAt(end + 1);
        if (bytes.length === 0 && where === 'command') continue;
        return { kind: 'command', bytes, message: undefined };
      }
      if (where === 'append' || announcesMessage(this.#data, this.#start, stop)) {
        const bytes = this.#data.subarray(this.#start, stop);
        this.#message = { left: literal.size, state: 'offered', sync: literal.sync };
        this.#beginAt(end + 1);
        return { kind: 'command', bytes, message: literal };
      }
      this.#literals++;
      if (this.#literals > this.limits.literals || this.#literalOctets + literal.size > this.limits.literal)
        return this.#bad('Literal is too large', literal);
      this.#literalOctets += literal.size;
      this.#lineStart = this.#scanned = end + 1 - this.#start + literal.size;
      if (literal.sync === 'wait') return { kind: 'continue' };
    }
  }

  /** Refuses the command at hand: what is buffered of it up to its next line end goes, and what a literal still brings. */
  #bad(text: string, literal?: MessageLiteral): Frame {
    const tag = tagOf(this.#data.subarray(this.#start));
    const end = this.#data.indexOf(lf, this.#start + this.#lineStart);
    if (!literal) {
      // The line is not read to its end: skip from where it started, since its own end may announce a literal.
      this.#beginAt(this.#start + this.#lineStart);
      this.#refuse(0);
    } else {
      this.#beginAt(end + 1);
      if (literal.sync === 'sent') this.#refuse(literal.size);
    }
    return { kind: 'bad', tag, text };
  }

  #refuse(literal: number): void {
    this.#refused = { literal, budget: this.limits.discard, tail: nothing };
  }

  /** Goes on throwing away: literal octets, then a line; again where that line announces a literal that comes unasked. */
  #throwAway(): 'done' | 'more' | 'tooMuch' {
    const refused = this.#refused!;
    for (;;) {
      if (refused.literal > refused.budget) return 'tooMuch';
      const skip = Math.min(refused.literal, this.buffered);
      refused.literal -= skip;
      refused.budget -= skip;
      this.#beginAt(this.#start + skip);
      if (refused.literal > 0) return 'more';

      const end = this.#data.indexOf(lf, this.#start);
      const stop = end < 0 ? this.#data.length : end;
      refused.budget -= stop - this.#start;
      // The last octets are kept across chunks: enough for an announcement.
      refused.tail = Buffer.concat([
        refused.tail,
        this.#data.subarray(Math.max(this.#start, stop - 32), stop),
      ]).subarray(-32);
      this.#beginAt(end < 0 ? this.#data.length : end + 1);
      if (refused.budget < 0) return 'tooMuch';
      if (end < 0) return 'more';
      const { tail } = refused;
      const literal = announcedAt(tail, 0, tail.at(-1) === 13 ? tail.length - 1 : tail.length);
      if (literal?.sync !== 'sent') {
        this.#refused = undefined;
        return 'done';
      }
      refused.literal = literal.size;
      refused.tail = nothing;
    }
  }

  #withoutCr(start: number, end: number): number {
    return end > start && this.#data[end - 1] === 13 ? end - 1 : end;
  }
}
