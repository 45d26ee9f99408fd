import { type EmailId, packTimeId, unpackTimeId } from '../ids.ts';

/** Bytes of an email id in a column: 48 bits of time, 80 of randomness. */
export const packedIdBytes = 16;

/** Email ids as a column of 16 bytes each, so that any few of them are a range of bytes; undefined (purged) is zeros. */
export function packIds(ids: readonly (EmailId | undefined)[]): Uint8Array {
  const column = new Uint8Array(ids.length * packedIdBytes);
  ids.forEach((id, i) => {
    if (id !== undefined) column.set(packTimeId(id), i * packedIdBytes);
  });
  return column;
}

/** The id at a place of a column, or undefined where the message was purged. */
export function idAt(column: Uint8Array, place: number): EmailId | undefined {
  const bytes = column.subarray(place * packedIdBytes, (place + 1) * packedIdBytes);
  return bytes.length < packedIdBytes || bytes.every((b) => b === 0)
    ? undefined
    : (unpackTimeId(bytes) as EmailId);
}
