import type { PasswordMarks } from '../ports/password-marks.ts';
import { type RememberedPasswords, rememberMs } from './remembered-passwords.ts';

/** What this process remembers, and besides it what other machines do, under a key that all of them know. */
export const rememberedTogether = (
  own: RememberedPasswords,
  marks: PasswordMarks | undefined,
): RememberedPasswords =>
  marks === undefined
    ? own
    : {
        mark: own.mark,
        async has(mark, now) {
          if (await own.has(mark, now)) return true;
          const left = await marks.remainingMs(mark);
          if (left === 0) return false;
          // To the same end: what is remembered is proved again every few hours, wherever that was.
          own.remember(mark, now, left);
          return true;
        },
        remember(mark, now, forMs = rememberMs) {
          own.remember(mark, now, forMs);
          marks.remember(mark, forMs);
        },
      };
