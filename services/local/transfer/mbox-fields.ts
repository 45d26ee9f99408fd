import { parseDate } from '../../../shared/message/date.ts';
import { fieldAt, fieldText } from '../../../shared/message/header.ts';
import { internalDateOf, isKeywordToTake } from './source-message.ts';

/** What an mbox says of a message besides its bytes. */
export interface MboxFields {
  readonly flags: readonly string[];
  readonly internalDate: number | undefined;
}

/** Fields that mail programs put into mbox files; the message keeps them, whoever wrote them. */
const known = [
  'status',
  'x-status',
  'x-keywords',
  'x-mozilla-status',
  'x-mozilla-keys',
  'received',
  'date',
] as const;
type Known = (typeof known)[number];

/** Only this much of a message is looked at: the fields stand at the top. */
const headerBytes = 256 * 1024;

const letters: Readonly<Record<string, string>> = {
  R: '\\Seen',
  A: '\\Answered',
  F: '\\Flagged',
  D: '\\Deleted',
  T: '\\Draft',
};
const mozillaBits: readonly (readonly [number, string])[] = [
  [0x0001, '\\Seen'],
  [0x0002, '\\Answered'],
  [0x0004, '\\Flagged'],
  [0x0008, '\\Deleted'],
  [0x1000, '$Forwarded'],
];

/** Flags by Status, X-Status and X-Keywords, or by Mozilla's fields. */
export function flagsOf(fields: ReadonlyMap<string, string>, separator: RegExp = /[\s,]+/): string[] {
  const flags = new Set<string>();
  for (const letter of `${fields.get('status') ?? ''}${fields.get('x-status') ?? ''}`)
    if (letters[letter] !== undefined) flags.add(letters[letter]);
  const bits = Number.parseInt(fields.get('x-mozilla-status') ?? '0', 16);
  for (const [bit, flag] of mozillaBits) if (bits & bit) flags.add(flag);
  const words = `${fields.get('x-keywords') ?? ''} ${fields.get('x-mozilla-keys') ?? ''}`.split(separator);
  for (const word of words) if (isKeywordToTake(word)) flags.add(word);
  return [...flags];
}

/** The date in a From_ line; without a zone it is taken for UTC, which is what most programs write. */
export function dateOfFromLine(line: string): number | undefined {
  const date = /(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? .*$/.exec(line)?.[0];
  const parsed = date === undefined ? undefined : parseDate(date.replace(/ remote from .*$/, ''));
  return parsed && internalDateOf(parsed.time);
}

/** Of a message that somebody else's program put into an mbox file. */
export function readMboxFields(message: Uint8Array, fromLine: string): MboxFields {
  const header = message.subarray(0, headerBytes);
  const fields = new Map<string, string>();
  for (let field = fieldAt(header, 0); field !== undefined; field = fieldAt(header, field.end))
    if (known.includes(field.name as Known) && !fields.has(field.name))
      fields.set(field.name, fieldText(header, field));
  const received = fields.get('received')?.split(';').at(-1);
  const dateIn = (text: string | undefined) => {
    const parsed = text === undefined ? undefined : parseDate(text);
    return parsed && internalDateOf(parsed.time);
  };
  return {
    flags: flagsOf(fields),
    internalDate: dateOfFromLine(fromLine) ?? dateIn(received) ?? dateIn(fields.get('date')),
  };
}
