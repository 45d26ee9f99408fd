import { isUtf8 } from 'node:buffer';

/** Bytes of the character that begins with `lead`; 1 also for what begins none. */
const lengthOf = (lead: number): number =>
  lead >= 0xf8 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;

/** The length of `bytes` without a character at the end that more bytes might complete. */
export function completeLength(bytes: Uint8Array): number {
  let last = bytes.length - 1;
  while (last > 0 && bytes.length - last < 4 && (bytes[last]! & 0xc0) === 0x80) last--;
  return last >= 0 && last + lengthOf(bytes[last]!) > bytes.length ? last : bytes.length;
}

/** The length of the longest beginning that is valid UTF-8. */
export function validLength(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length) {
    const length = lengthOf(bytes[at]!);
    if (
      (length > 1 || bytes[at]! >= 0x80) &&
      !(at + length <= bytes.length && isUtf8(bytes.subarray(at, at + length)))
    )
      return at;
    at += length;
  }
  return at;
}
