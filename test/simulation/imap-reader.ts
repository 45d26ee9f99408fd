/** One response of a server: its line, with literals in their places. */
export interface ServerLine {
  /** Text with `{n}` where a literal stood. */
  readonly text: string;
  readonly literals: readonly Buffer[];
}

/** A server's octets as whole responses; what is cut off in the middle never comes out. */
export class ImapReader {
  #buffer = Buffer.alloc(0);
  #text = '';
  #literals: Buffer[] = [];
  #literalLeft: number | undefined;

  push(bytes: Uint8Array): void {
    this.#buffer =
      this.#buffer.length === 0
        ? Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length)
        : Buffer.concat([this.#buffer, bytes]);
  }

  next(): ServerLine | undefined {
    for (;;) {
      if (this.#literalLeft !== undefined) {
        if (this.#buffer.length < this.#literalLeft) return undefined;
        this.#literals.push(this.#buffer.subarray(0, this.#literalLeft));
        this.#buffer = this.#buffer.subarray(this.#literalLeft);
        this.#literalLeft = undefined;
      }
      const end = this.#buffer.indexOf('\r\n');
      if (end < 0) return undefined;
      this.#text += this.#buffer.toString('latin1', 0, end);
      this.#buffer = this.#buffer.subarray(end + 2);
      const literal = /\{(\d+)\}$/.exec(this.#text);
      if (literal !== null) {
        this.#literalLeft = Number(literal[1]);
        continue;
      }
      const line = { text: this.#text, literals: this.#literals };
      this.#text = '';
      this.#literals = [];
      return line;
    }
  }
}

/** What a FETCH response says of a message. */
export interface Fetched {
  readonly seq: number;
  readonly uid: number | undefined;
  readonly flags: readonly string[] | undefined;
  readonly modSeq: number | undefined;
  readonly email: string | undefined;
  readonly body: Buffer | undefined;
}

export function parseFetch({ text, literals }: ServerLine): Fetched | undefined {
  const match = /^\* (\d+) FETCH \((.*)\)$/.exec(text);
  if (match === null) return undefined;
  const items = match[2]!;
  const number = (pattern: RegExp) => {
    const found = pattern.exec(items);
    return found === null ? undefined : Number(found[1]);
  };
  const flags = /\bFLAGS \(([^)]*)\)/.exec(items)?.[1];
  return {
    seq: Number(match[1]),
    uid: number(/\bUID (\d+)/),
    flags: flags
      ?.split(' ')
      .filter((flag) => flag !== '' && flag !== '\\Recent')
      .sort(),
    modSeq: number(/\bMODSEQ \((\d+)\)/),
    email: /\bEMAILID \(([^)]*)\)/.exec(items)?.[1],
    body: literals[0],
  };
}

export function* numbersOf(set: string): Generator<number> {
  for (const range of set.split(',')) {
    const [first, last] = range.split(':').map(Number);
    for (let n = first!; n <= (last ?? first!); n++) yield n;
  }
}

/** Ascending numbers as a sequence set. */
export function setOf(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const n of numbers) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === n - 1) last[1] = n;
    else ranges.push([n, n]);
  }
  return ranges.map(([a, b]) => (a === b ? `${a}` : `${a}:${b}`)).join(',');
}
