import { createHmac, randomBytes } from 'node:crypto';
import { RecentMap } from '../net/limits.ts';
import type { AccountRecord } from '../ports/directory.ts';

/** A password of an account at one version of its credentials, as a keyed hash: useless outside the server. */
export type PasswordMark = string & { readonly __passwordMark: true };

/**
 * Passwords that were verified lately, so that a client that signs in for every click does not pay argon2 each time. Keyed hashes, held in memory, and
 * where several machines remember together also beside them (remembered-together.ts); a change of credentials makes other marks, and the old ones fade away.
 */
export interface RememberedPasswords {
  mark(account: Pick<AccountRecord, 'id' | 'credentialVersion'>, password: string): PasswordMark;
  has(mark: PasswordMark, now: number): boolean | Promise<boolean>;
  /** For `rememberMs`, or less. */
  remember(mark: PasswordMark, now: number, forMs?: number): void;
}

export const rememberMs = 4 * 3600 * 1000;

/** `key`, where several processes remember together, is known to them alone. */
export function createRememberedPasswords({
  capacity = 100_000,
  ttlMs = rememberMs,
  key = randomBytes(32),
}: {
  readonly capacity?: number;
  readonly ttlMs?: number;
  readonly key?: Uint8Array;
} = {}): RememberedPasswords {
  const until = new RecentMap<PasswordMark, number>(capacity);
  return {
    mark: ({ id, credentialVersion }, password) =>
      createHmac('sha256', key)
        .update(`${id}\0${credentialVersion}\0${password}`)
        .digest('base64') as PasswordMark,
    has(mark, now) {
      const end = until.get(mark);
      if (end === undefined) return false;
      if (now < end) return true;
      until.delete(mark);
      return false;
    },
    // Counted from the verification, not from the last use: what is remembered is proved again every few hours.
    remember: (mark, now, forMs = ttlMs) => until.set(mark, now + Math.min(forMs, ttlMs)),
  };
}
