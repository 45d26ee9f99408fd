import { err, ok, type Result } from '../../shared/result.ts';

/** Periods as people write them: `14d`, `36 hours`, `2 weeks`. */

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const units: ReadonlyMap<string, number> = new Map([
  ...['m', 'min', 'minute', 'minutes'].map((unit) => [unit, minute] as const),
  ...['h', 'hour', 'hours'].map((unit) => [unit, hour] as const),
  ...['d', 'day', 'days'].map((unit) => [unit, day] as const),
  ...['w', 'week', 'weeks'].map((unit) => [unit, 7 * day] as const),
]);

/** Longer than anything that is kept. */
const longest = 100 * 365 * day;

/** Milliseconds, at most a hundred years; the error is one line that says what was expected. */
export function parseDuration(text: string): Result<number, string> {
  const [, digits = '', unit = ''] = /^\s*(\d{1,9}(?:\.\d{1,6})?)\s*([a-z]*)\s*$/i.exec(text) ?? [];
  const factor =
    digits === '' ? undefined : Number(digits) === 0 && unit === '' ? 1 : units.get(unit.toLowerCase());
  const ms = factor === undefined ? Number.NaN : Math.round(Number(digits) * factor);
  return ms <= longest
    ? ok(ms)
    : err(`${JSON.stringify(text.slice(0, 40))} is not a period such as 14d, 36h or 2w`);
}

/**
 * A moment in the past, as milliseconds since 1970: a date (`2026-03-01`, `2026-03-01T09:30`, in the local zone unless it names
 * one), or how long ago (`2d`). The error is one line.
 */
export function parseMoment(text: string, now: number): Result<number, string> {
  const ago = parseDuration(text);
  if (ago.ok) return ok(now - ago.value);
  const trimmed = text.trim();
  const parts =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:?\d{2})?))?$/.exec(
      trimmed,
    );
  const [, date = '', time = '00:00'] = parts ?? [];
  // Without a time the language would take midnight in UTC, and 30 February as a day in March.
  const moment = isDate(date) ? Date.parse(`${date}T${time}`) : Number.NaN;
  if (Number.isNaN(moment))
    return err(
      `${JSON.stringify(text.slice(0, 40))} is neither a time such as 2026-03-01T09:30 nor how long ago, such as 2d`,
    );
  return moment <= now ? ok(moment) : err(`${JSON.stringify(trimmed)} is in the future`);
}

const isDate = (text: string): boolean => {
  const midnight = new Date(`${text}T00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(text);
};
