/** IMAP's dates (RFC 9051 §9 date, date-time). Own calendar arithmetic: Date is slow to format and remaps years below 100. */

const monthNames = [
  'Jan',
  'Feb',
  'Mar',
  'Apr',
  'May',
  'Jun',
  'Jul',
  'Aug',
  'Sep',
  'Oct',
  'Nov',
  'Dec',
] as const;
const dayMs = 86_400_000;

/** The month 1–12 of a name's first three letters in any case; undefined where it is none. */
function monthOf(name: string): number | undefined {
  const at = monthNames.findIndex((m) => m.toLowerCase() === name.slice(0, 3).toLowerCase());
  return at < 0 ? undefined : at + 1;
}

/** Days from 1970-01-01 in the Gregorian calendar; undefined for a day that is not. */
function dayNumber(year: number, month: number, day: number): number | undefined {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.getTime() / dayMs : undefined;
}

/**
 * A SEARCH date as a number of days from 1970-01-01: 1-Feb-1994. Forgiven: a leading space or zero, a month's full name
 * (1-February-1994), and the ISO form 1994-02-01.
 */
export function parseDate(text: string): number | undefined {
  const iso = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (iso) return dayNumber(Number(iso[1]), Number(iso[2]), Number(iso[3]));
  const parts = /^ ?(\d{1,2})-([a-z]{3,9})-(\d{4})$/i.exec(text);
  const month = parts ? monthOf(parts[2]!) : undefined;
  return parts && month ? dayNumber(Number(parts[3]), month, Number(parts[1])) : undefined;
}

/**
 * A date-time in milliseconds since 1970: "17-Jul-1996 02:44:25 -0700". Forgiven: a day without its leading space or zero,
 * several spaces, a zone left out or written GMT, UT, UTC or Z (all zero).
 */
export function parseDateTime(text: string): number | undefined {
  const parts =
    /^ ?(\d{1,2})-([a-z]{3})-(\d{4}) +(\d{2}):(\d{2}):(\d{2})(?: +(?:([+-])(\d{2})(\d{2})|GMT|UTC?|Z))?$/i.exec(
      text,
    );
  const month = parts ? monthOf(parts[2]!) : undefined;
  if (!parts || !month) return undefined;
  const day = dayNumber(Number(parts[3]), month, Number(parts[1]));
  const [hour, minute, second] = [Number(parts[4]), Number(parts[5]), Number(parts[6])];
  // 60 is a leap second (RFC 5322 §3.3).
  if (day === undefined || hour > 23 || minute > 59 || second > 60) return undefined;
  const zone = (Number(parts[8] ?? 0) * 60 + Number(parts[9] ?? 0)) * (parts[7] === '-' ? -1 : 1);
  return day * dayMs + ((hour * 60 + minute - zone) * 60 + second) * 1000;
}

/** Octets that `writeDateTime` writes. */
export const dateTimeOctets = 28;

/** Years that a date-time can show; times outside are shown as its end. */
const [minTime, maxTime] = [-62_167_219_200_000, 253_402_300_799_999];

/** Writes "17-Jul-1996 02:44:25 +0000" with its quotes at `at`: milliseconds since 1970, in UTC. */
export function writeDateTime(into: Uint8Array, at: number, time: number): void {
  const ms = Math.min(Math.max(time, minTime), maxTime);
  const days = Math.floor(ms / dayMs);
  const seconds = Math.floor((ms - days * dayMs) / 1000);
  // Days to year, month, day in years that start in March, so that the leap day comes last; 400 years are 146,097 days.
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + (yearOfEra >> 2) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 2 : monthFromMarch - 10;
  const year = yearOfEra + era * 400 + (month < 2 ? 1 : 0);

  into[at] = 0x22;
  twoDigits(into, at + 1, day);
  if (day < 10) into[at + 1] = 0x20; // date-day-fixed
  into[at + 3] = 0x2d;
  const name = monthNames[month]!;
  for (let i = 0; i < 3; i++) into[at + 4 + i] = name.charCodeAt(i);
  into[at + 7] = 0x2d;
  twoDigits(into, at + 8, Math.floor(year / 100));
  twoDigits(into, at + 10, year % 100);
  into[at + 12] = 0x20;
  twoDigits(into, at + 13, Math.floor(seconds / 3600));
  into[at + 15] = 0x3a;
  twoDigits(into, at + 16, Math.floor(seconds / 60) % 60);
  into[at + 18] = 0x3a;
  twoDigits(into, at + 19, seconds % 60);
  const zone = ' +0000"';
  for (let i = 0; i < zone.length; i++) into[at + 21 + i] = zone.charCodeAt(i);
}

function twoDigits(into: Uint8Array, at: number, value: number): void {
  const tens = (value / 10) | 0;
  into[at] = 48 + tens;
  into[at + 1] = 48 + value - tens * 10;
}
