const lf = 0x0a;
const cr = 0x0d;

/**
 * Octets to lines. RFC 2449 §4 gives command lines 255 octets; what an AUTH exchange sends may be longer (RFC 5034 §4), so `limit` is a
 * few kilobytes, and a longer line is read over and told apart, never held. A bare LF ends a line too: people test with netcat.
 */
export class LineReader {
  readonly #limit: number;
  #held: Uint8Array = new Uint8Array(0);
  /** The beginning of the line was dropped for its length. */
  #overlong = false;

  constructor(limit = 4096) {
    this.#limit = limit;
  }

  /** Takes what the client sent. Call it when `next` has no more lines, and what is held stays within the limit and one chunk. */
  push(chunk: Uint8Array): void {
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
  }

  /** The next line without its end, 'tooLong' in place of one that was, or undefined where more octets are needed. */
  next(): Uint8Array | 'tooLong' | undefined {
    const end = this.#held.indexOf(lf);
    if (end < 0) {
      if (this.#held.length > this.#limit) {
        this.#overlong = true;
        this.#held = new Uint8Array(0);
      }
      return undefined;
    }
    const line = this.#held.subarray(0, end > 0 && this.#held[end - 1] === cr ? end - 1 : end);
    this.#held = this.#held.subarray(end + 1);
    const overlong = this.#overlong || line.length > this.#limit;
    this.#overlong = false;
    return overlong ? 'tooLong' : line;
  }

  /** Forgets what is held: after STLS, nothing that came in plain may count (RFC 2595 §4). */
  reset(): void {
    this.#held = new Uint8Array(0);
    this.#overlong = false;
  }
}
