import { type FieldNames, fieldNames } from './field-names.ts';
import { asBuffer, headerText, unfold } from './header-text.ts';

/** One field of a header block. Offsets in bytes from the block's start. */
export interface HeaderField {
  /** Lower case. */
  readonly name: string;
  readonly start: number;
  /** The first byte after the colon. */
  readonly valueStart: number;
  /** After the field's last line end, folded lines included. */
  readonly end: number;
}

const lf = 0x0a;
const cr = 0x0d;
const colon = 0x3a;
/** No field name is longer; a longer run of characters without a colon is text. */
export const maxFieldName = 1000;

/**
 * Where the colon of a field's first line is, or -1 where the line is no field. Looser than RFC 5322 §3.6.8: any byte above
 * space may be in the name (8-bit names occur), and white space before the colon is allowed (§4.5, obs-optional).
 */
export function colonOf(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  const last = Math.min(end, start + maxFieldName);
  while (at < last && bytes[at]! > 0x20 && bytes[at] !== colon && bytes[at] !== 0x7f) at++;
  if (at === start) return -1;
  while (at < end && (bytes[at] === 0x20 || bytes[at] === 0x09)) at++;
  return at < end && bytes[at] === colon ? at : -1;
}

/** After the line end that follows `from`, or the end of the block. */
function nextLine(header: Uint8Array, from: number): number {
  const found = header.indexOf(lf, from);
  return found < 0 ? header.length : found + 1;
}

/** Offsets in bytes from the block's start. */
export interface FieldPlace {
  readonly start: number;
  readonly nameEnd: number;
  readonly valueStart: number;
  readonly end: number;
}

/** Where the first field at or after `from` is; `from` is the start of a line, and lines that are no field are passed over. */
function placeAt(header: Uint8Array, from: number): FieldPlace | undefined {
  let start = from;
  while (start < header.length) {
    const first = header[start];
    if (first === lf || (first === cr && header[start + 1] === lf)) return undefined;
    let end = nextLine(header, start);
    while (end < header.length && (header[end] === 0x20 || header[end] === 0x09)) end = nextLine(header, end);
    const at = colonOf(header, start, end);
    if (at >= 0) {
      let nameEnd = at;
      while (header[nameEnd - 1] === 0x20 || header[nameEnd - 1] === 0x09) nameEnd--;
      return { start, nameEnd, valueStart: at + 1, end };
    }
    start = end;
  }
  return undefined;
}

/** The first field at or after `from`, which is the start of a line; lines that are no field are passed over. */
export function fieldAt(header: Uint8Array, from: number): HeaderField | undefined {
  const place = placeAt(header, from);
  if (place === undefined) return undefined;
  const { start, nameEnd, valueStart, end } = place;
  const name = asBuffer(header).toString('latin1', start, nameEnd).toLowerCase();
  return { name, start, valueStart, end };
}

/** Tells of every field that has one of some names, in the order of the header. */
export function eachField(
  header: Uint8Array,
  names: FieldNames,
  take: (name: string, place: FieldPlace) => void,
): void {
  for (let place = placeAt(header, 0); place !== undefined; place = placeAt(header, place.end)) {
    const name = names.find(header, place.start, place.nameEnd);
    if (name !== undefined) take(name, place);
  }
}

/** A field's value as one line of text, encoded words as received. */
export function fieldText(
  header: Uint8Array,
  { valueStart, end }: Pick<HeaderField, 'valueStart' | 'end'>,
): string {
  let last = end;
  if (last > valueStart && header[last - 1] === lf) last--;
  if (last > valueStart && header[last - 1] === cr) last--;
  return unfold(headerText(header.subarray(valueStart, last)));
}

/** The values of all fields of one name (lower case), in order, at most `limit`. */
export function fieldValues(header: Uint8Array, name: string, limit = 1000): string[] {
  const values: string[] = [];
  for (let field = fieldAt(header, 0); field !== undefined; field = fieldAt(header, field.end))
    if (field.name === name && values.push(fieldText(header, field)) === limit) break;
  return values;
}

/** The value of the first field of that name (lower case). */
export const fieldValue = (header: Uint8Array, name: string): string | undefined =>
  fieldValues(header, name, 1)[0];

/**
 * BODY[HEADER.FIELDS (…)] and, with `choose` 'allBut', BODY[HEADER.FIELDS.NOT (…)] (RFC 9051 §6.4.5): the exact bytes of the fields, in
 * the order of the message, and the empty line after them, which is made up where the message has none.
 */
export function headerFields(
  header: Uint8Array,
  names: readonly string[],
  choose: 'only' | 'allBut',
): Uint8Array {
  const wanted = fieldNames(names);
  const ranges: { start: number; end: number }[] = [];
  for (let place = placeAt(header, 0); place !== undefined; place = placeAt(header, place.end)) {
    if (wanted.has(header, place.start, place.nameEnd) !== (choose === 'only')) continue;
    const last = ranges.at(-1);
    if (last?.end === place.start) last.end = place.end;
    else ranges.push({ start: place.start, end: place.end });
  }
  const unended = ranges.length > 0 && header[ranges.at(-1)!.end - 1] !== lf;
  const tail = unended ? '\r\n\r\n' : '\r\n';
  const size = ranges.reduce((sum, range) => sum + range.end - range.start, 0);
  const out = new Uint8Array(size + tail.length);
  let at = 0;
  for (const range of ranges) {
    out.set(header.subarray(range.start, range.end), at);
    at += range.end - range.start;
  }
  for (let i = 0; i < tail.length; i++) out[at + i] = tail.charCodeAt(i);
  return out;
}
