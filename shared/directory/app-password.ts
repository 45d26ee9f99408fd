import { createHash, timingSafeEqual } from 'node:crypto';
import type { AccountId } from '../ids.ts';
import type { AccountRecord, AppPassword } from '../ports/directory.ts';

/** Letters and digits of a generated password. */
const length = 20;

/**
 * What is kept of an app password: SHA-256 in hex, bound to the account. It is generated with 99 bits, which no fast hash makes guessable;
 * so a sign-in with one costs no argon2. People copy it with or without its hyphens, phones begin with a capital: none of that counts.
 * Undefined for what cannot be one.
 */
export function hashAppPassword(account: AccountId, password: string): string | undefined {
  const letters = password.replace(/[\s-]/g, '').toLowerCase();
  if (letters.length !== length) return undefined;
  return createHash('sha256').update(`${account}\0${letters}`).digest('hex');
}

/** Which of the account's app passwords this is. */
export function appPasswordOf(
  { id, appPasswords }: Pick<AccountRecord, 'id' | 'appPasswords'>,
  password: string,
): AppPassword | undefined {
  if (appPasswords.length === 0) return undefined;
  const hash = hashAppPassword(id, password);
  if (hash === undefined) return undefined;
  const given = Buffer.from(hash, 'hex');
  return appPasswords.find((one) => timingSafeEqual(Buffer.from(one.hash, 'hex'), given));
}
