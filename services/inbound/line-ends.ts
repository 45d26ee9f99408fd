import { createHash } from 'node:crypto';

const lf = 0x0a;
const cr = 0x0d;
const crLfPair = Buffer.from('\r\n');

/**
 * Turns a bare LF into CRLF, chunk by chunk. SMTP allows none (RFC 5321 §2.3.8), some programs send them, and what is stored should have one
 * form of line end for every protocol that hands it out. A message without them passes untouched, in the same chunks.
 */
export async function* withCrLf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let last = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(lf); at >= 0; at = chunk.indexOf(lf, at + 1)) {
      if ((at === 0 ? last : chunk[at - 1]) === cr) continue;
      if (at > from) yield chunk.subarray(from, at);
      yield crLfPair;
      from = at + 1;
    }
    if (from < chunk.length) yield from === 0 ? chunk : chunk.subarray(from);
    if (chunk.length > 0) last = chunk[chunk.length - 1]!;
  }
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
