import { randomBytes } from 'node:crypto';
import { secretKey } from './directory-items.ts';
import type { DirectoryTable } from './directory-table.ts';

/**
 * A random key of 32 bytes that all tasks know, made by whoever asks first. It is kept in the directory's table, which is encrypted, and never where
 * what it keys is kept.
 */
export async function sharedKey(table: DirectoryTable, name: string): Promise<Uint8Array> {
  const known = (await table.get(secretKey(name)))?.key?.B;
  if (known !== undefined) return known;
  const made = randomBytes(32);
  const occupant = await table.put(
    { ...secretKey(name), key: { B: made } },
    { ConditionExpression: 'attribute_not_exists(k)' },
  );
  return occupant?.key?.B ?? made;
}
