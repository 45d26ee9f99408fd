import type { PartFields } from './part-fields.ts';
import { asPlainText } from './part-fields.ts';
import type { Envelope, Part } from './structure.ts';

/** A part whose end is not yet known. Offsets in bytes from the start of the message. */
export interface OpenPart {
  readonly kind: Part['kind'];
  readonly fields: PartFields;
  readonly headerStart: number;
  readonly bodyStart: number;
  /** Line ends of the message before `bodyStart`. */
  readonly linesBefore: number;
  readonly parts: Part[];
  /** Of a message part: known when its content's header is. */
  envelope: Envelope | undefined;
}

/** The finished part; `lines` are the line ends of the message before `bodyEnd`. */
export function closePart(open: OpenPart, bodyEnd: number, lines: number): Part {
  // A multipart in which no boundary was found shows its text, rather than nothing
  const empty = open.kind === 'multipart' && open.parts.length === 0;
  const f = empty ? asPlainText(open.fields) : open.fields;
  const common = {
    type: f.type,
    subtype: f.subtype,
    parameters: f.parameters,
    id: f.id,
    description: f.description,
    encoding: f.encoding,
    md5: f.md5,
    disposition: f.disposition,
    language: f.language,
    location: f.location,
    headerStart: open.headerStart,
    bodyStart: open.bodyStart,
    bodyEnd,
    lines: Math.max(0, lines - open.linesBefore),
  };
  if (open.kind === 'multipart' && !empty) return { kind: 'multipart', ...common, parts: open.parts };
  if (open.kind === 'message')
    return { kind: 'message', ...common, envelope: open.envelope!, content: open.parts[0]! };
  return { kind: 'leaf', ...common };
}
