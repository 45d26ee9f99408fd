import { isAscii } from 'node:buffer';
import { fieldAt, type HeaderField } from '../message/header.ts';
import type { MessageRecord } from '../message/structure.ts';
import { fetchEnvelope, fetchStructure } from './responses/fetch.ts';
import { ascii, type ResponseText, ResponseWriter } from './writer.ts';

/**
 * What FETCH says of a message's ENVELOPE, BODYSTRUCTURE and the header fields that clients list, as octets that are made once, when a
 * message is settled, and then copied. Two forms, in which integers are LEB128:
 *
 *     fields:    number of fields, for each of them its place in `listedFields` and its length; the fields as they stand in the header
 *     structure: lengths of ENVELOPE and BODYSTRUCTURE for sessions of ASCII, for those of UTF-8 (both 0: the same); these octets
 *
 * Anything that changes these octets, or what is in them, is a new `answersVersion`: those of another version are made again from records.
 */
export const answersVersion = 1;

/** By their number from 1 on; what Thunderbird, Apple's, Microsoft's and Android's clients, Evolution, mutt and Roundcube ask for, but no
 *  trace or authentication, which are most of a header. */
const listedFields: readonly string[] = [
  ...['date', 'from', 'sender', 'reply-to', 'to', 'cc', 'bcc', 'subject', 'message-id', 'in-reply-to'],
  ...['references', 'content-type', 'content-description', 'content-class', 'mime-version', 'priority'],
  ...['x-priority', 'importance', 'newsgroups', 'followup-to', 'disposition-notification-to', 'list-id'],
  ...['list-post', 'list-unsubscribe', 'list-subscribe', 'list-help', 'x-mailing-list', 'mailing-list'],
  ...['lines', 'x-label', 'x-original-to', 'delivered-to', 'resent-from', 'resent-to', 'resent-date'],
  ...[
    'x-uniform-type-identifier',
    'x-universally-unique-identifier',
    'x-mailer',
    'user-agent',
    'chat-version',
  ],
];

const numbersOfFields: ReadonlyMap<string, number> = new Map(listedFields.map((name, i) => [name, i + 1]));

/** Which of the listed fields are wanted, by number. */
export type WantedFields = Uint8Array;

/** Undefined where one of the names is not among the listed: then only the whole header can tell. */
export function wantedFields(names: readonly string[]): WantedFields | undefined {
  const wanted = new Uint8Array(128);
  for (const name of names) {
    const number = numbersOfFields.get(name.toLowerCase());
    if (number === undefined) return undefined;
    wanted[number] = 1;
  }
  return wanted;
}

function pushNumber(into: number[], value: number): void {
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) into.push((rest % 128) | 128);
  into.push(rest);
}

/** The listed fields of a header block. */
export function fieldsAnswer(header: Uint8Array): Uint8Array {
  const found: HeaderField[] = [];
  const table: number[] = [];
  for (let field = fieldAt(header, 0); field !== undefined; field = fieldAt(header, field.end)) {
    const number = numbersOfFields.get(field.name);
    if (number === undefined) continue;
    found.push(field);
    table.push(number);
    pushNumber(table, field.end - field.start);
  }
  const count: number[] = [];
  pushNumber(count, found.length);
  return Buffer.concat([
    Uint8Array.from([...count, ...table]),
    ...found.map(({ start, end }) => header.subarray(start, end)),
  ]);
}

/** ENVELOPE and BODYSTRUCTURE with their names. */
export function structureAnswer(record: Pick<MessageRecord, 'envelope' | 'root'>): Uint8Array {
  const utf8 = structureOctets(record, 'utf8');
  // What has no 8-bit text is the same in both.
  const plain = utf8.every(isAscii);
  const forms = plain ? [utf8] : [structureOctets(record, 'ascii'), utf8];
  const lengths: number[] = [];
  for (const [envelope, structure] of forms) {
    pushNumber(lengths, envelope.length);
    pushNumber(lengths, structure.length);
  }
  if (plain) lengths.push(0, 0);
  return Buffer.concat([Uint8Array.from(lengths), ...forms.flat()]);
}

function structureOctets(
  { envelope, root }: Pick<MessageRecord, 'envelope' | 'root'>,
  text: ResponseText,
): readonly [envelope: Uint8Array, structure: Uint8Array] {
  const writer = new ResponseWriter(text);
  fetchEnvelope(writer, envelope);
  // Each begins with its place in a list.
  const first = writer.take().subarray(1);
  fetchStructure(writer, root, 'full');
  return [first, writer.take().subarray(1)];
}

const endOfFields = ascii('\r\n');
const endOfLine = ascii('\r\n\r\n');
const endOfSize = ascii('}\r\n');
const lf = 0x0a;

/** Where the next number of a stored form is read. */
let at = 0;

function number(bytes: Uint8Array): number {
  let value = bytes[at++]!;
  if (value < 128) return value;
  value &= 127;
  for (let scale = 128; ; scale *= 128) {
    const byte = bytes[at++]!;
    value += (byte & 127) * scale;
    if (!(byte >= 128)) return value;
  }
}

/** Begin and end in turn of the wanted fields; neighbours are one. Used by one call at a time, and by nobody meanwhile. */
const runs: number[] = [];

/** Writes the literal of BODY[HEADER.FIELDS (…)] after `name`, which ends with "{". */
export function writeFields(
  w: ResponseWriter,
  bytes: Buffer,
  from: number,
  name: Uint8Array,
  wanted: WantedFields,
): void {
  at = from;
  const count = number(bytes);
  const table = at;
  for (let i = 0; i < count; i++) {
    at++;
    number(bytes);
  }
  let start = at;
  at = table;
  let found = 0;
  let size = 0;
  let runEnd = -1;
  for (let i = 0; i < count; i++) {
    const isWanted = wanted[bytes[at++]!] === 1;
    const end = start + number(bytes);
    if (isWanted) {
      size += end - start;
      if (start === runEnd) runs[found * 2 - 1] = end;
      else {
        runs[found * 2] = start;
        runs[found * 2 + 1] = end;
        found++;
      }
      runEnd = end;
    }
    start = end;
  }
  // The last field of a header that breaks off has no line end.
  const tail = runEnd > 0 && bytes[runEnd - 1] !== lf ? endOfLine : endOfFields;
  w.gap();
  w.raw(name);
  w.number(size + tail.length);
  w.raw(endOfSize);
  for (let i = 0; i < found; i++) w.copy(bytes, runs[i * 2]!, runs[i * 2 + 1]!);
  w.raw(tail);
}

export type StructureItem = 'envelope' | 'bodyStructure';

/** Writes ENVELOPE and BODYSTRUCTURE, or one of them, in the order asked for. */
export function writeStructure(
  w: ResponseWriter,
  bytes: Buffer,
  from: number,
  items: readonly StructureItem[],
): void {
  at = from;
  let envelope = number(bytes);
  let structure = number(bytes);
  const envelope8 = number(bytes);
  const structure8 = number(bytes);
  let start = at;
  if (envelope8 > 0 && w.text === 'utf8') {
    start += envelope + structure;
    envelope = envelope8;
    structure = structure8;
  }
  for (let i = 0; i < items.length; i++) {
    w.gap();
    if (items[i] === 'envelope') w.copy(bytes, start, start + envelope);
    else w.copy(bytes, start + envelope, start + envelope + structure);
  }
}
