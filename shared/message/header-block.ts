import { colonOf, maxFieldName } from './header.ts';

const lf = 0x0a;
const cr = 0x0d;
/** A line is judged by this many bytes: enough for any field name and any boundary. */
const judged = maxFieldName + 24;
const mboxFrom = [...'From '].map((c) => c.charCodeAt(0));

/**
 * Collects one header block until it ends: after the first empty line, or before the first line that is neither a field nor a folded line
 * (as MTAs do that insert the missing empty line), or before a boundary, or at the cap. mbox "From " and ">From " lines
 * may come first.
 */
export class HeaderBlock {
  readonly #isBoundary: (bytes: Uint8Array, start: number, end: number) => boolean;
  #buffer = new Uint8Array(4096);
  #length = 0;
  #scanned = 0;
  #lineStart = 0;
  #accepted = false;
  #anyField = false;
  #cap = 0;

  constructor(isBoundary: (bytes: Uint8Array, start: number, end: number) => boolean) {
    this.#isBoundary = isBoundary;
  }

  get length(): number {
    return this.#length;
  }

  /** Ready for the next block, of at most `cap` bytes. */
  reset(cap: number): void {
    this.#length = 0;
    this.#scanned = 0;
    this.#lineStart = 0;
    this.#accepted = false;
    this.#anyField = false;
    this.#cap = cap;
  }

  /** Valid until the next `add` or `reset`. */
  bytes(start: number, end: number): Uint8Array {
    return this.#buffer.subarray(start, end);
  }

  /** Takes bytes up to the cap; answers where the block ends, once that is known. */
  add(bytes: Uint8Array): number | undefined {
    const size = Math.min(this.#length + bytes.length, this.#cap);
    if (size > this.#buffer.length) {
      const bigger = new Uint8Array(Math.max(size, this.#buffer.length * 2));
      bigger.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = bigger;
    }
    this.#buffer.set(
      bytes.length > size - this.#length ? bytes.subarray(0, size - this.#length) : bytes,
      this.#length,
    );
    this.#length = size;
    return this.#scan() ?? (size === this.#cap ? size : undefined);
  }

  /** Where the block ends now that the message has. */
  finish(): number {
    const pending = this.#length > this.#lineStart && !this.#accepted;
    return pending && !this.#belongs(this.#length) ? this.#lineStart : this.#length;
  }

  #scan(): number | undefined {
    const buffer = this.#buffer;
    while (this.#scanned < this.#length) {
      const found = buffer.subarray(0, this.#length).indexOf(lf, this.#scanned);
      if (found < 0) {
        this.#scanned = this.#length;
        if (this.#accepted || this.#length - this.#lineStart < judged) return undefined;
        if (!this.#belongs(this.#length)) return this.#lineStart;
        this.#accepted = true;
        return undefined;
      }
      this.#scanned = found + 1;
      if (!this.#accepted) {
        const first = buffer[this.#lineStart];
        if (first === lf || (first === cr && found === this.#lineStart + 1)) return found + 1;
        if (!this.#belongs(found + 1)) return this.#lineStart;
      }
      this.#accepted = false;
      this.#lineStart = found + 1;
    }
    return undefined;
  }

  #belongs(end: number): boolean {
    const buffer = this.#buffer;
    const start = this.#lineStart;
    const first = buffer[start];
    if (first === 0x20 || first === 0x09) return start > 0;
    if (first === 0x2d && this.#isBoundary(buffer, start, end)) return false;
    if (colonOf(buffer, start, Math.min(end, start + judged)) >= 0) return (this.#anyField = true);
    if (this.#anyField) return false;
    const from = first === 0x3e ? start + 1 : start;
    return mboxFrom.every((byte, i) => from + i < end && buffer[from + i] === byte);
  }
}
