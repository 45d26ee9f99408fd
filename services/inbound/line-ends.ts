import { createHash } from 'node:crypto';

const lf = 0x0a;
const cr = 0x0d;

/**
 * Turns a bare LF into CRLF, chunk by chunk. SMTP allows none (RFC 5321 §2.3.8), some programs send them, and what is stored should have one
 * form of line end for every protocol that hands it out. As many chunks go out as come in: one for each line would cost many times its
 * octets wherever they are kept. A chunk without bare LFs passes untouched.
 */
export async function* withCrLf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let last = 0;
  for await (const chunk of chunks) {
    const bare = countBare(chunk, last);
    yield bare === 0 ? chunk : mended(chunk, last, bare);
    if (chunk.length > 0) last = chunk[chunk.length - 1]!;
  }
}

/** LFs without a CR before them; `last` is the octet before the chunk. */
function countBare(chunk: Uint8Array, last: number): number {
  let count = 0;
  for (let at = chunk.indexOf(lf); at >= 0; at = chunk.indexOf(lf, at + 1))
    if ((at === 0 ? last : chunk[at - 1]) !== cr) count++;
  return count;
}

function mended(chunk: Uint8Array, last: number, bare: number): Uint8Array {
  const out = new Uint8Array(chunk.length + bare);
  let to = 0;
  let before = last;
  for (const octet of chunk) {
    if (octet === lf && before !== cr) out[to++] = cr;
    out[to++] = octet;
    before = octet;
  }
  return out;
}

/** What the octets that passed through add up to: the same for the same message sent again. */
export class Fingerprint {
  readonly #hash = createHash('sha256');
  #value: string | undefined;

  async *of(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.#hash.update(chunk);
      yield chunk;
    }
  }

  /** Once all of it has passed. */
  get value(): string {
    this.#value ??= this.#hash.digest('base64url');
    return this.#value;
  }
}
