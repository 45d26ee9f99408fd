/** Keeps the first bytes of what passes by in chunks, each copied a few times at most, however small they are. */
export class Beginning {
  readonly #most: number;
  #bytes = new Uint8Array(0);
  #length = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  add(chunk: Uint8Array): void {
    const length = Math.min(this.#most, this.#length + chunk.length);
    if (length === this.#length) return;
    if (length > this.#bytes.length) {
      const bigger = new Uint8Array(Math.min(this.#most, Math.max(length, 2 * this.#length)));
      bigger.set(this.bytes);
      this.#bytes = bigger;
    }
    this.#bytes.set(chunk.subarray(0, length - this.#length), this.#length);
    this.#length = length;
  }
}
