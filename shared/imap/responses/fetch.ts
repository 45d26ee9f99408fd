/**
 * FETCH responses (RFC 9051 §7.5.2): `fetchOpen`, items in any order, `fetchClose`. Bodies may be streamed: `fetchBodyAnnounced`
 * ends with the literal's size, and exactly so many octets must follow on the socket before anything else.
 */
import type { ModSeq, SeqNum, Uid } from '../../ids.ts';
import type { Envelope, Part } from '../../message/structure.ts';
import type { BinaryItem, BodySectionItem, Section } from '../fetch-items.ts';
import { ascii, ResponseWriter } from '../writer.ts';
import { type StructureForm, writeBodyStructure } from './body-structure.ts';
import { writeEnvelope } from './envelope.ts';

const untagged = ascii('* ');
const fetchName = ascii(' FETCH ');
const close = ascii(')\r\n');
const uidName = ascii('UID ');
const flagsName = ascii('FLAGS ');
const modSeqName = ascii('MODSEQ (');
const sizeName = ascii('RFC822.SIZE ');
const dateName = ascii('INTERNALDATE ');
const endOfList = ascii(')');

export function fetchOpen(w: ResponseWriter, seq: SeqNum): void {
  w.raw(untagged);
  w.number(seq);
  w.raw(fetchName);
  w.open();
}

export function fetchClose(w: ResponseWriter): void {
  w.raw(close);
}

export function fetchUid(w: ResponseWriter, uid: Uid): void {
  w.gap();
  w.raw(uidName);
  w.number(uid);
}

/** `encoded` is a flag list in parentheses, see `encodeFlags`. */
export function fetchFlags(w: ResponseWriter, encoded: Uint8Array): void {
  w.gap();
  w.raw(flagsName);
  w.raw(encoded);
}

export function fetchModSeq(w: ResponseWriter, modSeq: ModSeq): void {
  w.gap();
  w.raw(modSeqName);
  w.number(modSeq);
  w.raw(endOfList);
}

export function fetchSize(w: ResponseWriter, octets: number): void {
  w.gap();
  w.raw(sizeName);
  w.number(octets);
}

/** Milliseconds since 1970; shown in UTC. */
export function fetchInternalDate(w: ResponseWriter, time: number): void {
  w.gap();
  w.raw(dateName);
  w.dateTime(time);
}

/** RFC 8514 §4; undefined where the time of saving is not known. */
export function fetchSaveDate(w: ResponseWriter, time: number | undefined): void {
  w.gap();
  w.ascii('SAVEDATE ');
  if (time === undefined) w.ascii('NIL');
  else w.dateTime(time);
}

export function fetchEnvelope(w: ResponseWriter, envelope: Envelope): void {
  w.gap();
  w.ascii('ENVELOPE ');
  writeEnvelope(w, envelope);
}

/** BODYSTRUCTURE ('full') or BODY ('short'). */
export function fetchStructure(w: ResponseWriter, root: Part, form: StructureForm): void {
  w.gap();
  w.ascii(form === 'full' ? 'BODYSTRUCTURE ' : 'BODY ');
  writeBodyStructure(w, root, form);
}

/** RFC 8474 §5. */
export function fetchEmailId(w: ResponseWriter, id: string): void {
  w.gap();
  w.ascii(`EMAILID (${id})`);
}

/** RFC 8474 §5; undefined where threads are not known. */
export function fetchThreadId(w: ResponseWriter, id: string | undefined): void {
  w.gap();
  w.ascii(id === undefined ? 'THREADID NIL' : `THREADID (${id})`);
}

/** RFC 8970 §3.2; undefined for NIL: none can be made. */
export function fetchPreview(w: ResponseWriter, preview: string | undefined): void {
  w.gap();
  w.ascii('PREVIEW ');
  w.nstring(preview);
}

/**
 * The name of a section's answer and the size of the literal whose octets must follow; NIL for undefined, where there is no
 * such part. 'binary' where the octets may hold NUL (BINARY only, RFC 3516 §4.2).
 */
export function fetchBodyAnnounced(
  w: ResponseWriter,
  item: BodySectionItem | BinaryItem,
  size: number | undefined,
  content: 'text' | 'binary' = 'text',
): void {
  w.gap();
  writeSectionName(w, item);
  w.sp();
  if (size === undefined) w.ascii('NIL');
  else w.literal(size, content);
}

/** The octets that come before the size of a section's literal, "{" with them: the same for every message of a command. */
export function bodyName(item: BodySectionItem): Uint8Array {
  const w = new ResponseWriter();
  writeSectionName(w, item);
  w.ascii(' {');
  return w.take();
}

/** The same with the octets at hand. */
export function fetchBody(
  w: ResponseWriter,
  item: BodySectionItem | BinaryItem,
  octets: Uint8Array,
  content: 'text' | 'binary' = 'text',
): void {
  fetchBodyAnnounced(w, item, octets.length, content);
  w.raw(octets);
}

/** RFC 3516 §4.3: octets of the decoded part. */
export function fetchBinarySize(w: ResponseWriter, part: readonly number[], octets: number): void {
  w.gap();
  w.ascii(`BINARY.SIZE[${part.join('.')}] `);
  w.number(octets);
}

/** `BODY[HEADER.FIELDS (From)]<0>` and the like; .PEEK and the count are not repeated (RFC 9051 §7.5.2). */
function writeSectionName(w: ResponseWriter, item: BodySectionItem | BinaryItem): void {
  if (item.item === 'binary') w.ascii(`BINARY[${item.part.join('.')}]`);
  else if (item.answerAs === 'BODY') writeSection(w, item.section);
  else w.ascii(item.answerAs);
  if (item.partial) w.ascii(`<${item.partial.offset}>`);
}

const sectionNames = { whole: '', header: 'HEADER', text: 'TEXT', mime: 'MIME' } as const;

function writeSection(w: ResponseWriter, { part, of }: Section): void {
  w.ascii('BODY[');
  w.ascii(part.join('.'));
  if (part.length > 0 && of.kind !== 'whole') w.ascii('.');
  if (of.kind === 'fields') {
    w.ascii(of.which === 'only' ? 'HEADER.FIELDS ' : 'HEADER.FIELDS.NOT ');
    w.list(of.names, (name) => w.astring(name));
  } else w.ascii(sectionNames[of.kind]);
  w.ascii(']');
}
