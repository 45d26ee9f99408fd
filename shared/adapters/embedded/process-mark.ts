import { randomBytes } from 'node:crypto';

/** This process, told apart from an earlier one that had its number. */
const own = `${process.pid}.${randomBytes(6).toString('hex')}`;

/** A holder's name as it is stored: with the process that it is in. */
export const markedHolder = (holder: string): string => `${own}/${holder}`;

/**
 * Whether the process that a stored holder is in has ended, as far as `asker`, a holder in the asking process, can know. A process of
 * another container may look as if it had: leases are comfort, and what cannot be judged is left to expire.
 */
export function isAbandoned(stored: string, asker: string): boolean {
  const [mark, askerMark] = [stored, asker].map((holder) => /^((\d+)\.[0-9a-f]+)\//.exec(holder));
  if (!mark || !askerMark || mark[1] === askerMark[1]) return false;
  if (mark[2] === askerMark[2]) return true;
  try {
    process.kill(Number(mark[2]), 0);
    return false;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
