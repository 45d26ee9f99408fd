import type { Entropy } from '../ids.ts';

/** Small letters and digits that cannot be taken for one another, in print or read aloud. */
const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789';

/** Four groups of five, such as `k7mpx-…`: 99 bits, and short enough to be typed on a telephone. */
export function generatePassword(entropy: Pick<Entropy, 'bytes'>): string {
  let letters = '';
  while (letters.length < 20)
    for (const byte of entropy.bytes(32)) {
      // 31 letters out of 32 values; the value without a letter is drawn again, so that all are equally likely.
      letters += alphabet[byte & 31] ?? '';
      if (letters.length === 20) break;
    }
  return letters.match(/.{5}/g)?.join('-') ?? '';
}
