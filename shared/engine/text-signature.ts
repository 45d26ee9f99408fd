/**
 * Which sequences of three letters a text has, as a small set that may claim too much but never too little: whoever searches reads only
 * messages whose set has all of what is looked for. Text and needles are folded (shared/message/fold.ts).
 */

const hashBits = 17;
const hashes = 1 << hashBits;

function hashOf(a: number, b: number, c: number): number {
  let h = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca77) ^ Math.imul(c, 0xc2b2ae3d);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return (h ^ (h >>> 13)) >>> (32 - hashBits);
}

/** Bits for each different sequence of a text: two of five are set then. */
const bitsEach = 2;

/** The place of a hash in a set of so many bits. */
const placeOf = (hash: number, bits: number): number => Math.floor((hash * bits) / hashes);

/** Collects a text that comes in pieces. One serves for many texts, one after another. */
export class SignatureBuilder {
  readonly #seen = new Uint8Array(hashes);
  #found: number[] = [];
  #before = 0;
  #beforeThat = 0;
  #length = 0;

  /** Letters so far. */
  get length(): number {
    return this.#length;
  }

  push(text: string): void {
    let [a, b] = [this.#beforeThat, this.#before];
    for (let i = 0; i < text.length; i++) {
      const c = text.charCodeAt(i);
      const hash = hashOf(a, b, c);
      if (this.#seen[hash] === 0) {
        this.#seen[hash] = 1;
        this.#found.push(hash);
      }
      a = b;
      b = c;
    }
    [this.#beforeThat, this.#before] = [a, b];
    this.#length += text.length;
  }

  /** The set of what was collected; the next text begins. */
  take(): Uint8Array {
    const bits = Math.min(hashes, Math.ceil((this.#found.length * bitsEach) / 8) * 8);
    const set = new Uint8Array(bits / 8);
    for (const hash of this.#found) {
      this.#seen[hash] = 0;
      const place = placeOf(hash, bits);
      set[place >> 3]! |= 1 << (place & 7);
    }
    this.#found = [];
    this.#before = this.#beforeThat = this.#length = 0;
    return set;
  }
}

/** What a needle asks of a signature. Needles of fewer than three letters ask nothing. */
export function needleHashes(needle: string): readonly number[] {
  const found = new Set<number>();
  for (let i = 2; i < needle.length; i++)
    found.add(hashOf(needle.charCodeAt(i - 2), needle.charCodeAt(i - 1), needle.charCodeAt(i)));
  return [...found];
}

/** False where the text certainly does not contain the needle. */
export function mayContain(signature: Uint8Array, needle: readonly number[]): boolean {
  const bits = signature.length * 8;
  for (const hash of needle) {
    const place = placeOf(hash, bits);
    if (bits === 0 || (signature[place >> 3]! & (1 << (place & 7))) === 0) return false;
  }
  return true;
}
