import { createHash } from 'node:crypto';

/** Bytes that only `seed` gives. */
export function patternOf(seed: string, size: number): Uint8Array {
  const unit = createHash('sha512').update(seed).digest();
  return Uint8Array.from({ length: size }, (_, i) => unit[i % 61]! ^ (i >> 9));
}
