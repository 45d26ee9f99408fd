import { createHash } from 'node:crypto';
import type { AccountId } from '../../shared/ids.ts';

/** When it is an account's turn, in UTC: the same for ever, and spread evenly over all accounts. */
export function turnOf(id: AccountId): { readonly hour: number; readonly weekday: number } {
  const [hour, weekday] = new Uint16Array(createHash('sha256').update(id).digest().buffer.slice(0, 4));
  return { hour: hour! % 24, weekday: weekday! % 7 };
}
