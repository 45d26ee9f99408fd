/** A message's octets on their way into a multi-line answer (RFC 1939 §3). Chunk by chunk: a message is never held. */

const lf = 0x0a;
const cr = 0x0d;
const dot = 0x2e;

const crLf = Buffer.from('\r\n');
const oneDot = Buffer.from('.');
const terminator = Buffer.from('.\r\n');
const nothing = new Uint8Array(0);

/** Where something has to be changed within a chunk. One pass over a string costs half of a search from line to line. */
const irregular = /[^\r]\n|\n\./;
const isIrregular = ({ buffer, byteOffset, length }: Uint8Array): boolean =>
  irregular.test(Buffer.from(buffer, byteOffset, length).toString('latin1'));

/**
 * Doubles the dots at the start of lines, and ends every line with CRLF. A message whose lines end so goes out with its exact octets.
 * A bare LF, which only an APPEND or an import can have brought, becomes CRLF, for to some clients it ends a line and to others
 * not, and `.` on such a line would be the end of the message to half of them; such a message is longer on the wire than LIST said. A
 * bare CR stays.
 */
export class DotStuffer {
  #last = lf;

  /** Pieces to be sent in this order; the chunk itself where nothing had to be changed. */
  push(chunk: Uint8Array): readonly Uint8Array[] {
    if (chunk.length === 0) return [];
    const pieces: Uint8Array[] = [];
    let from = 0;
    if (this.#last === lf && chunk[0] === dot) pieces.push(oneDot);
    if ((chunk[0] !== lf || this.#last === cr) && !isIrregular(chunk)) {
      pieces.push(chunk);
      this.#last = chunk[chunk.length - 1]!;
      return pieces;
    }
    for (let at = chunk.indexOf(lf); at >= 0; at = chunk.indexOf(lf, at + 1)) {
      if ((at === 0 ? this.#last : chunk[at - 1]) !== cr) {
        pieces.push(chunk.subarray(from, at), crLf);
        from = at + 1;
      }
      if (chunk[at + 1] === dot) {
        pieces.push(chunk.subarray(from, at + 1), oneDot);
        from = at + 1;
      }
    }
    pieces.push(from === 0 ? chunk : chunk.subarray(from));
    this.#last = chunk[chunk.length - 1]!;
    return pieces;
  }

  /** What ends the answer: `.`, on a line of its own, also after a message without a last line end. */
  end(): Uint8Array {
    return this.#last === lf ? terminator : Buffer.concat([crLf, terminator]);
  }
}

/** TOP's cut: the header block, the empty line, and so many lines of the body; or of a body alone its first lines. */
export class TopCut {
  #left: number;
  #state: 'header' | 'body' | 'done';
  /** Octets of the line so far, without its end. */
  #lineLength = 0;
  #last = 0;

  constructor(lines: number, begin: 'header' | 'body' = 'header') {
    this.#left = lines;
    this.#state = begin === 'body' && lines <= 0 ? 'done' : begin;
  }

  get done(): boolean {
    return this.#state === 'done';
  }

  /** The part of the chunk that belongs to the answer. */
  push(chunk: Uint8Array): Uint8Array {
    if (this.#state === 'done' || chunk.length === 0) return nothing;
    let from = 0;
    for (let at = chunk.indexOf(lf); at >= 0; at = chunk.indexOf(lf, from)) {
      const before = at === 0 ? this.#last : chunk[at - 1];
      const length = this.#lineLength + (at - from) - (before === cr ? 1 : 0);
      this.#lineLength = 0;
      from = at + 1;
      if (this.#state === 'body') this.#left--;
      else if (length <= 0) this.#state = 'body';
      if (this.#state === 'body' && this.#left <= 0) {
        this.#state = 'done';
        return chunk.subarray(0, from);
      }
    }
    this.#lineLength += chunk.length - from;
    this.#last = chunk[chunk.length - 1]!;
    return chunk;
  }
}
