import { idOctets, writeTimeId } from '../ids.ts';

/** RFC 2449 §8, RFC 3206 and RFC 6856 §5: why a command failed, for programs. */
export type ResponseCode = 'IN-USE' | 'LOGIN-DELAY' | 'SYS/TEMP' | 'SYS/PERM' | 'AUTH' | 'UTF8';

/** Answers that are held before they go to the socket. */
const fullBytes = 64 * 1024;
/** The longest single answer line: RFC 2449 §4 has 512 octets. */
const lineBytes = 512;
const space = 0x20;

/** Answers as octets, gathered so that many of them share a write. Holds no buffer while it is empty. */
export class ReplyWriter {
  #buffer: Buffer | undefined;
  #length = 0;

  /** True where it is time to `take`. */
  get full(): boolean {
    return this.#length >= fullBytes;
  }

  get length(): number {
    return this.#length;
  }

  /** `+OK text`. */
  ok(text: string): void {
    this.line(`+OK ${text}`);
  }

  /** `-ERR [code] text`. */
  err(text: string, code?: ResponseCode): void {
    this.line(code === undefined ? `-ERR ${text}` : `-ERR [${code}] ${text}`);
  }

  /** One line, its end added; cut where it would be longer than a client need take. */
  line(text: string): void {
    const fitting = text.length > lineBytes - 2 ? text.slice(0, lineBytes - 2) : text;
    const buffer = this.#room(fitting.length * 3 + 2);
    this.#length += buffer.write(fitting, this.#length);
    this.#length += buffer.write('\r\n', this.#length, 'latin1');
  }

  /** A line of LIST, `1 1024`. */
  sizeListing(message: number, octets: number): void {
    this.#room(48);
    this.#number(message);
    this.#octet(space);
    this.#number(octets);
    this.#lineEnd();
  }

  /** A line of UIDL, `1 01h…`: the id whose 16 bytes lie at `from` of `packed`. */
  idListing(message: number, packed: Uint8Array, from: number): void {
    const buffer = this.#room(64);
    this.#number(message);
    this.#octet(space);
    writeTimeId(buffer, this.#length, packed, from);
    this.#length += idOctets;
    this.#lineEnd();
  }

  /** The end of a multi-line answer. */
  end(): void {
    this.line('.');
  }

  /** Octets as they are. */
  octets(bytes: Uint8Array): void {
    this.#room(bytes.length).set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Hands over what is to be sent. The buffer is the socket's from then on. */
  take(): Uint8Array {
    const bytes = this.#buffer?.subarray(0, this.#length) ?? new Uint8Array(0);
    this.#buffer = undefined;
    this.#length = 0;
    return bytes;
  }

  #octet(value: number): void {
    this.#buffer![this.#length++] = value;
  }

  #lineEnd(): void {
    this.#octet(13);
    this.#octet(10);
  }

  /** A whole number from 0 to 2^53-1, digit by digit: no text is made of it. */
  #number(value: number): void {
    let digits = 1;
    for (let bound = 10; value >= bound; bound *= 10) digits++;
    const end = this.#length + digits;
    for (let at = end - 1, rest = value; at >= this.#length; at--) {
      const tenth = Math.floor(rest / 10);
      this.#buffer![at] = 48 + rest - tenth * 10;
      rest = tenth;
    }
    this.#length = end;
  }

  #room(bytes: number): Buffer {
    const needed = this.#length + bytes;
    const held = this.#buffer;
    if (held !== undefined && needed <= held.length) return held;
    const grown = Buffer.allocUnsafe(Math.max(1024, needed, (held?.length ?? 0) * 2));
    held?.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
    return grown;
  }
}
