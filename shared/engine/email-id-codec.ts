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
export const idAt = (column: Uint8Array, place: number): EmailId | undefined =>
  holdsId(column, place) ? (unpackTimeId(column, place * packedIdBytes) as EmailId) : undefined;

/** Whether there is an id at a place of a column. */
export function holdsId(column: Uint8Array, place: number): boolean {
  const from = place * packedIdBytes;
  if (from + packedIdBytes > column.length) return false;
  for (let i = from; i < from + packedIdBytes; i++) if (column[i] !== 0) return true;
  return false;
}
