/** A Date field's two readings: SENTBEFORE, SENTON and SENTSINCE disregard time and zone (RFC 9051 §6.4.4), SORT does not. */
export interface MessageDate {
  /** Milliseconds since 1970, UTC. */
  readonly time: number;
  /** The calendar date as written, in days since 1970-01-01. */
  readonly day: number;
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
/** RFC 5322 §4.3; other letters mean an unknown zone, which counts as UTC. */
const zones: Readonly<Record<string, number>> = {
  edt: -4,
  est: -5,
  cdt: -5,
  cst: -6,
  mdt: -6,
  mst: -7,
  pdt: -7,
  pst: -8,
};
const dayMs = 86_400_000;
const maxLength = 200;

const rfc5322 =
  /^(?:[a-z]+\.?\s*,?\s*)?(\d{1,2})[\s-]+([a-z]{3})[a-z]*\.?[\s,-]+(\d{2,5})(?:[\s,]+(\d{1,2})\s*[:.]\s*(\d{1,2})(?:\s*[:.]\s*(\d{1,2})(?:[.,]\d+)?)?\s*(am|pm)?\s*(.*))?/i;
const asctime =
  /^(?:[a-z]+\.?\s*,?\s*)?([a-z]{3})[a-z]*\.?\s+(\d{1,2})[\s,]+(?:(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?\s+)?(?:([a-z]+|[+-]\d{4})\s+)?(\d{4})\s*([+-]\d{4})?/i;
const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[t\s]+(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,]\d+)?)?\s*(.*))?/i;

/**
 * Reads a Date field: RFC 5322 §3.3 and §4.3, and the forms that broken mailers write (no comma, long names, asctime, ISO 8601).
 * Undefined where there is no date in it. A missing or unreadable time is midnight, such a zone UTC (RFC 5256 §2.2).
 */
export function parseDate(value: string): MessageDate | undefined {
  const text = value
    .slice(0, maxLength)
    .replace(/\([^()]*\)/g, ' ')
    .trim();
  let m = rfc5322.exec(text);
  if (m !== null) {
    const twelve = m[7]?.toLowerCase();
    const hour = twelve && m[4] !== undefined ? (Number(m[4]) % 12) + (twelve === 'pm' ? 12 : 0) : m[4];
    return build(fullYear(m[3]!), months.indexOf(m[2]!.toLowerCase()), m[1], [hour, m[5], m[6]], m[8]);
  }
  m = asctime.exec(text);
  if (m !== null)
    return build(Number(m[7]), months.indexOf(m[1]!.toLowerCase()), m[2], [m[3], m[4], m[5]], m[8] ?? m[6]);
  m = iso.exec(text);
  return m === null ? undefined : build(Number(m[1]), Number(m[2]) - 1, m[3], [m[4], m[5], m[6]], m[7]);
}

/** RFC 5322 §4.3: two digits below 50 are of this century, others and three digits count from 1900. */
function fullYear(digits: string): number {
  const year = Number(digits);
  if (digits.length > 3) return year;
  return year + (digits.length === 2 && year < 50 ? 2000 : 1900);
}

type Digits = string | number | undefined;

function build(
  year: number,
  month: number,
  dayText: string | undefined,
  [hourText, minuteText, secondText]: readonly [Digits, Digits, Digits],
  zone: string | undefined,
): MessageDate | undefined {
  const date = Number(dayText);
  if (month < 0 || month > 11 || year < 1 || year > 9999 || date < 1) return undefined;
  const midnight = new Date(0).setUTCFullYear(year, month, date);
  if (new Date(midnight).getUTCMonth() !== month) return undefined;
  const [hour, minute, second] = [Number(hourText ?? 0), Number(minuteText ?? 0), Number(secondText ?? 0)];
  const inDay = hour < 24 && minute < 60 && second <= 60 ? ((hour * 60 + minute) * 60 + second) * 1000 : 0;
  return { time: midnight + inDay - zoneMinutes(zone ?? '') * 60_000, day: midnight / dayMs };
}

function zoneMinutes(zone: string): number {
  const numeric = /^(?:gmt|utc?)?\s*([+-])(\d{1,2}):?(\d{2})(?!\d)/i.exec(zone.trim());
  if (numeric !== null) {
    const minutes = Number(numeric[2]) * 60 + Number(numeric[3]);
    return numeric[1] === '-' ? -minutes : minutes;
  }
  const name = /^[a-z]+/i.exec(zone.trim())?.[0].toLowerCase() ?? '';
  return (Object.hasOwn(zones, name) ? zones[name]! : 0) * 60;
}
