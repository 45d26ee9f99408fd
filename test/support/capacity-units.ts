import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/** How DynamoDB counts what it charges for on demand: reads by 4 KB, writes by 1 KB, and nothing is free. */

/** Bytes of an item, as they are paid for: the names of its attributes are. */
export const itemBytes = (item: Readonly<Record<string, AttributeValue>>): number =>
  Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value), 0);

/** A number takes a byte for each two of its significant digits, and one more. */
function valueBytes({ S: text, B: bytes, N: number }: AttributeValue): number {
  if (text !== undefined) return Buffer.byteLength(text);
  if (bytes !== undefined) return bytes.length;
  if (number === undefined) throw new Error('not a kind of value that is counted here');
  return 1 + Math.ceil(number.replace(/^-|\.|^0+|0+$/g, '').length / 2);
}

/** Of one request: `bytes` of all items that it looked at together. One that may be of a moment ago costs half. */
export const readUnits = (bytes: number, consistency: 'consistent' | 'eventual' = 'consistent'): number =>
  Math.max(1, Math.ceil(bytes / 4096)) / (consistency === 'consistent' ? 1 : 2);

/** Of one item that is put or deleted: `bytes` of it as it was or as it is to be, whichever is more; also where a condition does not let it. */
export const writeUnits = (bytes: number): number => Math.max(1, Math.ceil(bytes / 1024));
