import type { Parameters, Part } from '../../message/structure.ts';
import type { ResponseWriter } from '../writer.ts';
import { writeEmptyEnvelope, writeEnvelope } from './envelope.ts';

/** Whether extension data is sent: BODYSTRUCTURE ('full') or BODY ('short'). */
export type StructureForm = 'full' | 'short';

/** body, RFC 9051 §7.5.2. Types and encodings are in lower case, as the parts have them. */
export function writeBodyStructure(w: ResponseWriter, part: Part, form: StructureForm): void {
  w.ascii('(');
  if (part.kind === 'multipart') {
    for (const child of part.parts) writeBodyStructure(w, child, form);
    // The grammar has no multipart without parts.
    if (part.parts.length === 0) w.ascii(emptyText);
    w.sp();
    w.headerValue(part.subtype);
    if (form === 'full') {
      w.sp();
      writeParameters(w, part.parameters);
      writeExtension(w, part);
    }
  } else {
    writeLeaf(w, part, form);
    if (form === 'full') {
      w.sp();
      w.headerValue(part.md5);
      writeExtension(w, part);
    }
  }
  w.ascii(')');
}

const emptyText = '("text" "plain" NIL NIL NIL "7bit" 0 0)';

type SinglePart = Exclude<Part, { kind: 'multipart' }>;

/** body-type-basic, body-type-text or body-type-msg, without extension data. */
function writeLeaf(w: ResponseWriter, part: SinglePart, form: StructureForm): void {
  w.headerValue(part.type);
  w.sp();
  w.headerValue(part.subtype);
  w.sp();
  writeParameters(w, part.parameters);
  w.sp();
  w.headerValue(part.id);
  w.sp();
  w.headerValue(part.description);
  w.sp();
  w.headerValue(part.encoding);
  w.sp();
  w.number(part.bodyEnd - part.bodyStart);
  if (part.kind === 'message') {
    w.sp();
    writeEnvelope(w, part.envelope);
    w.sp();
    writeBodyStructure(w, part.content, form);
  } else if (isMessageType(part)) {
    // Not looked into (encoded, or nested too deeply), but its type makes clients expect these two.
    w.sp();
    writeEmptyEnvelope(w);
    w.ascii(` ${emptyText}`);
  } else if (part.type !== 'text') return;
  w.sp();
  w.number(part.lines);
}

const isMessageType = (part: Part): boolean =>
  part.type === 'message' && (part.subtype === 'rfc822' || part.subtype === 'global');

/** body-fld-dsp SP body-fld-lang SP body-fld-loc, with SP before. */
function writeExtension(w: ResponseWriter, part: Part): void {
  w.sp();
  if (part.disposition) {
    w.ascii('(');
    w.headerValue(part.disposition.type);
    w.sp();
    writeParameters(w, part.disposition.parameters);
    w.ascii(')');
  } else w.ascii('NIL');
  w.sp();
  if (part.language.length > 1) w.list(part.language, (language) => w.headerValue(language));
  else w.headerValue(part.language[0]);
  w.sp();
  w.headerValue(part.location);
}

/** body-fld-param: names and values in turn, NIL for none. */
function writeParameters(w: ResponseWriter, parameters: Parameters): void {
  if (parameters.length === 0) {
    w.ascii('NIL');
    return;
  }
  w.list(parameters, ([name, value]) => {
    w.headerValue(name);
    w.sp();
    w.headerValue(value);
  });
}
