import type { Result } from '../../shared/result.ts';
import type { Config } from '../config.ts';
import type { Account, AskFailure, Json } from './account.ts';

/** FAIL: a deployment would fail, or mail would be lost. WARN: it may, or something will not work yet. */
export type Level = 'OK' | 'WARN' | 'FAIL';

export interface Finding {
  readonly level: Level;
  readonly what: string;
  /** What to do about it, for all but OK. */
  readonly todo?: string;
}

export const fine = (what: string): Finding => ({ level: 'OK', what });
export const warn = (what: string, todo: string): Finding => ({ level: 'WARN', what, todo });
export const fail = (what: string, todo: string): Finding => ({ level: 'FAIL', what, todo });

/** One thing that is looked at. Several findings where there are several of it; none where the configuration does not need it. */
export type Check = (account: Account, config: Config) => Promise<readonly Finding[]>;

/** What could not be seen is no fault of the account: it is said, and the rest goes on. */
export const unseen = (what: string, { code, message }: AskFailure): Finding =>
  warn(
    `${what}: could not be looked at (${code})`,
    code === 'Unasked' ? message : `Allow it, or look yourself: ${message}`,
  );

/** Whether the service says that there is no such thing, by any of its names for that. */
export const isMissing = ({ code }: AskFailure): boolean =>
  /NoSuch|NotFound|DoesNotExist|ValidationError/.test(code);

export const answered = (
  asked: Result<Json, AskFailure>,
  what: string,
  judge: (answer: Json) => Finding | readonly Finding[],
): readonly Finding[] => (asked.ok ? [judge(asked.value)].flat() : [unseen(what, asked.error)]);
