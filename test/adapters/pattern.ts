import { createHash } from 'node:crypto';

/** Bytes that only `seed` gives. */
export const patternOf = (seed: string, size: number): Uint8Array =>
  new Uint8Array(Buffer.alloc(size, createHash('sha512').update(seed).digest().subarray(0, 61)));
