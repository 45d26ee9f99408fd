import type { BinaryItem, BodySectionItem, Partial } from '../../../shared/imap/fetch-items.ts';
import { headerFields } from '../../../shared/message/header.ts';
import { findPart, sectionRange } from '../../../shared/message/part.ts';
import type { MessageRecord } from '../../../shared/message/structure.ts';
import type { ByteRange } from '../../../shared/ports/blob-store.ts';

/** Where the octets of a BODY or BINARY item come from. */
export type Source =
  /** There is no such part. */
  | { readonly kind: 'none' }
  /** At hand, the partial cut out. */
  | { readonly kind: 'octets'; readonly octets: Uint8Array }
  /** These bytes of the message, the partial cut out. */
  | { readonly kind: 'range'; readonly range: ByteRange }
  /** Fields of the header that these bytes are: of a message within the message. */
  | {
      readonly kind: 'fields';
      readonly range: ByteRange;
      readonly choose: (header: Uint8Array) => Uint8Array;
    }
  /** These bytes without their transfer encoding. */
  | { readonly kind: 'decoded'; readonly range: ByteRange; readonly encoding: string };

const none: Source = { kind: 'none' };

/** BODY[section]<partial>, RFC 9051 §6.4.5. The record may be missing for BODY[]. */
export function bodySource(item: BodySectionItem, record: MessageRecord | undefined, size: number): Source {
  const { section, partial } = item;
  const { part, of } = section;
  if (part.length === 0 && of.kind === 'whole') return rangeSource({ start: 0, end: size }, partial);
  const { root, header } = record!;
  if (of.kind === 'fields') {
    const which = of.which === 'only' ? 'only' : 'allBut';
    const choose = (block: Uint8Array): Uint8Array => cut(headerFields(block, of.names, which), partial);
    if (part.length === 0) return { kind: 'octets', octets: choose(header) };
    const range = sectionRange(root, part, 'header');
    return range === undefined ? none : { kind: 'fields', range, choose };
  }
  if (part.length === 0 && of.kind === 'header') return { kind: 'octets', octets: cut(header, partial) };
  const range = sectionRange(root, part, of.kind === 'whole' ? 'body' : of.kind);
  return range === undefined ? none : rangeSource(range, partial);
}

/** Encodings that are none: the bytes are what they are (RFC 2045 §6.2). */
const identity = new Set(['', '7bit', '8bit', 'binary']);

/** BINARY[part] (RFC 3516 §4.2) without its partial where it must be decoded. BINARY[] is the message as it is. */
export function binarySource(
  { part, partial }: Pick<BinaryItem, 'part' | 'partial'>,
  record: MessageRecord | undefined,
  size: number,
): Source {
  if (part.length === 0) return rangeSource({ start: 0, end: size }, partial);
  const found = findPart(record!.root, part);
  if (found === undefined) return none;
  const range = { start: found.bodyStart, end: found.bodyEnd };
  if (identity.has(found.encoding)) return rangeSource(range, partial);
  return { kind: 'decoded', range, encoding: found.encoding };
}

function rangeSource({ start, end }: ByteRange, partial: Partial | undefined): Source {
  if (partial === undefined) return { kind: 'range', range: { start, end } };
  const from = Math.min(start + partial.offset, end);
  return { kind: 'range', range: { start: from, end: Math.min(from + partial.count, end) } };
}

/** A partial of octets at hand; past their end it is empty (RFC 9051 §6.4.5). */
export const cut = (octets: Uint8Array, partial: Partial | undefined): Uint8Array =>
  partial === undefined ? octets : octets.subarray(partial.offset, partial.offset + partial.count);
