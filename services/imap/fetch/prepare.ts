import { collect } from '../../../shared/engine/message-index.ts';
import type { BinaryItem, FetchItem, Partial } from '../../../shared/imap/fetch-items.ts';
import { previewSource, previewText } from '../../../shared/message/preview.ts';
import type { MessageRecord } from '../../../shared/message/structure.ts';
import { decodeTransfer, transferDecoder } from '../../../shared/message/transfer-encoding.ts';
import type { Blob, ByteRange } from '../../../shared/ports/blob-store.ts';
import { binarySource, bodySource, cut, type Source } from './section.ts';

/** An item of one message, ready to be written: nothing that is left to do can be refused. */
export type Prepared =
  | { readonly kind: 'none' }
  | { readonly kind: 'octets'; readonly octets: Uint8Array; readonly content: 'text' | 'binary' }
  /** Exactly `size` octets, at the reader's pace. */
  | {
      readonly kind: 'stream';
      readonly size: number;
      readonly chunks: AsyncIterable<Uint8Array>;
      readonly content: 'text' | 'binary';
    }
  | { readonly kind: 'size'; readonly octets: number }
  | { readonly kind: 'preview'; readonly text: string }
  /** The part's transfer encoding is not known (RFC 3516 §4.3). */
  | { readonly kind: 'unknownEncoding' };

/** A message's bytes, or a range of them. */
export type ReadBody = (range: ByteRange) => Promise<Blob>;

/** Items that may need the body. */
export type BodyItem = Extract<FetchItem, { readonly item: 'body' | 'binary' | 'binarySize' | 'preview' }>;

export const isBodyItem = (item: FetchItem): item is BodyItem =>
  item.item === 'body' || item.item === 'binary' || item.item === 'binarySize' || item.item === 'preview';

/** Encoded parts up to this size are decoded in memory, larger ones twice: to know their size, and to send them. */
const decodedAtOnce = 1 << 20;

const unknownEncoding: Prepared = { kind: 'unknownEncoding' };

/** Opens what an item needs of the body; may throw at once. The record may be missing where the item does without (see planOf). */
export function prepare(
  item: BodyItem,
  record: MessageRecord | undefined,
  size: number,
  read: ReadBody,
): Promise<Prepared> {
  switch (item.item) {
    case 'preview':
      return preparePreview(record!, read);
    case 'body':
      return prepareSource(bodySource(item, record, size), 'text', undefined, read);
    case 'binary':
      return prepareSource(binarySource(item, record, size), 'binary', item.partial, read);
    case 'binarySize':
      return prepareSize(binarySource({ part: item.part, partial: undefined }, record, size), read);
  }
}

async function preparePreview(record: MessageRecord, read: ReadBody): Promise<Prepared> {
  if (record.preview !== undefined) return { kind: 'preview', text: record.preview };
  const source = previewSource(record.root);
  if (source === undefined) return { kind: 'preview', text: '' };
  const { body } = await read(source.range);
  return { kind: 'preview', text: previewText(source.part, await collect(body)) };
}

async function prepareSource(
  source: Source,
  as: 'text' | 'binary',
  partial: BinaryItem['partial'],
  read: ReadBody,
): Promise<Prepared> {
  switch (source.kind) {
    case 'none':
      return source;
    case 'octets':
      return { kind: 'octets', octets: source.octets, content: 'text' };
    case 'fields':
      return {
        kind: 'octets',
        octets: source.choose(await collect((await read(source.range)).body)),
        content: 'text',
      };
    case 'decoded':
      return prepareDecoded(source, partial, read);
    case 'range': {
      const size = source.range.end - source.range.start;
      if (size === 0) return { kind: 'octets', octets: new Uint8Array(0), content: 'text' };
      const { body } = await read(source.range);
      if (!(body instanceof Uint8Array)) return { kind: 'stream', size, chunks: body, content: as };
      return { kind: 'octets', octets: body, content: as === 'binary' ? contentOf(body) : 'text' };
    }
  }
}

/** NUL must not stand in an ordinary literal (RFC 9051 §9 CHAR8); any other octets are better sent in one, which every client reads. */
const contentOf = (octets: Uint8Array): 'text' | 'binary' => (octets.includes(0) ? 'binary' : 'text');

type Decoded = Extract<Source, { kind: 'decoded' }>;

async function prepareDecoded(
  { range, encoding }: Decoded,
  partial: Partial | undefined,
  read: ReadBody,
): Promise<Prepared> {
  if (range.end - range.start <= decodedAtOnce) {
    const decoder = transferDecoder(encoding);
    if (!decoder.ok) return unknownEncoding;
    const encoded = await collect((await read(range)).body);
    const octets = cut(Buffer.concat([decoder.value.push(encoded), decoder.value.end()]), partial);
    return { kind: 'octets', octets, content: contentOf(octets) };
  }
  const wanted = partial ?? { offset: 0, count: Number.POSITIVE_INFINITY };
  const total = await decodedSize({ kind: 'decoded', range, encoding }, wanted.offset + wanted.count, read);
  if (total === undefined) return unknownEncoding;
  const size = Math.max(0, Math.min(total - wanted.offset, wanted.count));
  if (size === 0) return { kind: 'octets', octets: new Uint8Array(0), content: 'text' };
  const decoded = decodeTransfer(encoding, (await read(range)).body);
  if (!decoded.ok) return unknownEncoding;
  return { kind: 'stream', size, chunks: slice(decoded.value, wanted.offset, size), content: 'binary' };
}

/** Octets after decoding, counted up to `enough`; undefined for an unknown encoding. */
async function decodedSize(
  { range, encoding }: Decoded,
  enough: number,
  read: ReadBody,
): Promise<number | undefined> {
  if (!transferDecoder(encoding).ok) return undefined;
  const decoded = decodeTransfer(encoding, (await read(range)).body);
  if (!decoded.ok) return undefined;
  let size = 0;
  for await (const chunk of decoded.value) if ((size += chunk.length) >= enough) return enough;
  return size;
}

async function prepareSize(source: Source, read: ReadBody): Promise<Prepared> {
  if (source.kind === 'range') return { kind: 'size', octets: source.range.end - source.range.start };
  // The grammar has a number and nothing else: a part that is not there has none.
  if (source.kind !== 'decoded') return { kind: 'size', octets: 0 };
  const octets = await decodedSize(source, Number.POSITIVE_INFINITY, read);
  return octets === undefined ? unknownEncoding : { kind: 'size', octets };
}

/** `count` octets from `offset` on. */
async function* slice(
  chunks: AsyncIterable<Uint8Array>,
  offset: number,
  count: number,
): AsyncGenerator<Uint8Array> {
  let skip = offset;
  let left = count;
  for await (const chunk of chunks) {
    const piece = chunk.subarray(Math.min(skip, chunk.length)).subarray(0, left);
    skip = Math.max(0, skip - chunk.length);
    left -= piece.length;
    if (piece.length > 0) yield piece;
    if (left === 0) return;
  }
}

/** Gives up what nobody will read. */
export async function discard(prepared: readonly Prepared[]): Promise<void> {
  for (const item of prepared)
    if (item.kind === 'stream') await item.chunks[Symbol.asyncIterator]().return?.();
}
