import { flagsOf } from './mbox-fields.ts';

/**
 * What `restante export` puts before each message in an mbox file: fields that other programs understand, and one that tells
 * `restante import` how to take all of it away again, so that the very same bytes come back.
 *
 *     X-Restante-Mbox: lines=3 size=1234
 *     Status: RO
 *     X-Status: AF
 */
const marker = 'X-Restante-Mbox';
const markerLine = /^X-Restante-Mbox: lines=(\d) size=(\d{1,15})\n/;
/** The fields are at most three, the keywords those of one message. */
const longest = 512 * 1024;

export function printPreamble(flags: readonly string[], size: number): string {
  const has = (flag: string) => flags.includes(flag);
  const status = has('\\Seen') ? 'RO' : 'O';
  const more = `${has('\\Answered') ? 'A' : ''}${has('\\Flagged') ? 'F' : ''}${has('\\Draft') ? 'T' : ''}${has('\\Deleted') ? 'D' : ''}`;
  const keywords = flags.filter((flag) => !flag.startsWith('\\'));
  const fields = [
    `Status: ${status}\n`,
    ...(more === '' ? [] : [`X-Status: ${more}\n`]),
    ...(keywords.length === 0 ? [] : [`X-Keywords: ${keywords.join(' ')}\n`]),
  ];
  return `${marker}: lines=${fields.length} size=${size}\n${fields.join('')}`;
}

export interface Unwrapped {
  readonly bytes: Uint8Array;
  readonly flags: readonly string[];
}

/** The message without what `printPreamble` put before it; undefined where it has none, or none that fits it. */
export function readPreamble(entry: Buffer): Unwrapped | undefined {
  const start = entry.toString('latin1', 0, 80);
  const [line, lines, digits] = markerLine.exec(start) ?? [];
  if (line === undefined) return undefined;
  const fields = new Map<string, string>();
  let at = line.length;
  for (let i = 0; i < Number(lines); i++) {
    const end = entry.indexOf('\n', at);
    if (end < 0 || end - at > longest) return undefined;
    const [name = '', value = ''] = entry.toString('latin1', at, end).split(/: (.*)/s);
    fields.set(name.toLowerCase(), value);
    at = end + 1;
  }
  const bytes = entry.subarray(at);
  const size = Number(digits);
  // A message that did not end with a line end was given one.
  const given = bytes.length === size + 1 && bytes[size] === 0x0a;
  return { bytes: given ? bytes.subarray(0, size) : bytes, flags: flagsOf(fields, / /) };
}
