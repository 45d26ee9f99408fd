/** Writes unsigned integers (LEB128) and strings; the characters of all strings go to one text of their own, so that reading decodes once. */
export class ByteWriter {
  #bytes = new Uint8Array(512);
  #length = 0;
  #text: string[] = [];

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  get text(): string {
    return this.#text.join('');
  }

  /** A non-negative safe integer. */
  number(value: number): void {
    if (this.#length + 8 > this.#bytes.length) {
      const bigger = new Uint8Array(this.#bytes.length * 2);
      bigger.set(this.#bytes);
      this.#bytes = bigger;
    }
    let left = value;
    while (left >= 128) {
      this.#bytes[this.#length++] = (left % 128) | 128;
      left = Math.floor(left / 128);
    }
    this.#bytes[this.#length++] = left;
  }

  string(value: string): void {
    this.number(value.length);
    this.#text.push(value);
  }

  /** 0 is undefined, else the length plus one. */
  optional(value: string | undefined): void {
    this.number(value === undefined ? 0 : value.length + 1);
    if (value !== undefined) this.#text.push(value);
  }

  list<T>(values: readonly T[], write: (value: T) => void): void {
    this.number(values.length);
    for (const value of values) write(value);
  }
}

/** The bytes are not what the writer wrote. */
export class CorruptRecord extends Error {}

/** Reads what ByteWriter wrote. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #text: string;
  #at = 0;
  #textAt = 0;

  constructor(bytes: Uint8Array, text: string, at = 0) {
    this.#bytes = bytes;
    this.#text = text;
    this.#at = at;
  }

  /** Offset of the byte that is read next. */
  get at(): number {
    return this.#at;
  }

  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined || scale > 2 ** 49) throw new CorruptRecord('a number does not end');
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  string(): string {
    return this.#take(this.number());
  }

  optional(): string | undefined {
    const size = this.number();
    return size === 0 ? undefined : this.#take(size - 1);
  }

  list<T>(read: () => T): T[] {
    const size = this.number();
    if (size > this.#bytes.length - this.#at) throw new CorruptRecord('a list is longer than the record');
    const values: T[] = [];
    for (let i = 0; i < size; i++) values.push(read());
    return values;
  }

  #take(size: number): string {
    const start = this.#textAt;
    if ((this.#textAt += size) > this.#text.length)
      throw new CorruptRecord('a string is longer than the text');
    return this.#text.slice(start, this.#textAt);
  }
}
