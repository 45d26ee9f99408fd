import { charsetStream } from './charset.ts';
import { decodeWords } from './encoded-words.ts';
import { foldHeaderText, foldText } from './fold.ts';
import { fieldAt, fieldText } from './header.ts';
import { parameterOf } from './part.ts';
import { partTexts } from './part-texts.ts';
import type { MessageRecord, Part } from './structure.ts';
import { TextMatcher } from './text-matcher.ts';
import { transferDecoder } from './transfer-encoding.ts';

export { foldHeaderText, foldText } from './fold.ts';
export { TextMatcher } from './text-matcher.ts';

/**
 * SEARCH HEADER (RFC 9051 §6.4.4): whether a field of that name (any case) contains `needle`, compared decoded and folded. The empty needle
 * asks whether there is such a field.
 */
export function headerContains(header: Uint8Array, name: string, needle: string): boolean {
  const [wanted, folded] = [name.toLowerCase(), foldHeaderText(needle)];
  for (let field = fieldAt(header, 0); field !== undefined; field = fieldAt(header, field.end))
    if (field.name === wanted && foldHeaderText(decodeWords(fieldText(header, field))).includes(folded))
      return true;
  return false;
}

/** The whole header, decoded and folded, a field a line: what SEARCH TEXT looks through besides the bodies. */
export const headerSearchText = (header: Uint8Array): string => foldHeaderText(decodedHeader(header));

function decodedHeader(header: Uint8Array): string {
  const lines: string[] = [];
  for (let field = fieldAt(header, 0); field !== undefined; field = fieldAt(header, field.end))
    lines.push(`${field.name}: ${decodeWords(fieldText(header, field))}\r\n`);
  return lines.join('');
}

/** Stands between texts that have nothing to do with each other; no IMAP string contains it. */
export const textBreak = '\0';

/** A stretch of the message that SEARCH looks into. */
interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly part: Part | 'header';
}

/** Text parts, and the headers of messages within the message, in order. */
function stretchesOf(part: Part): Stretch[] {
  if (part.kind === 'multipart') return part.parts.flatMap(stretchesOf);
  if (part.kind === 'message') {
    const { headerStart, bodyStart } = part.content;
    return [{ start: headerStart, end: bodyStart, part: 'header' }, ...stretchesOf(part.content)];
  }
  return part.type === 'text' ? [{ start: part.bodyStart, end: part.bodyEnd, part }] : [];
}

/** Text from a stretch, piece by piece. Headers are bounded (parserLimits.partHeader) and therefore collected. */
interface Reader {
  push(bytes: Uint8Array): string;
  end(): string;
}

function readerOf(stretch: Stretch): Reader {
  if (stretch.part === 'header') {
    const pieces: Uint8Array[] = [];
    return {
      push: (bytes) => {
        pieces.push(bytes.slice());
        return '';
      },
      // White space stays as it is: signatures of bodies (engine/text-signature.ts) that were stored before have it so, and must not rule out what matches.
      end: () => foldText(decodedHeader(Buffer.concat(pieces))),
    };
  }
  const transfer = transferDecoder(stretch.part.encoding);
  // An unknown encoding: RFC 2045 §6.4 has it treated as bytes that say nothing
  if (!transfer.ok) return { push: () => '', end: () => '' };
  const text = charsetStream(parameterOf(stretch.part, 'charset') ?? '');
  return {
    push: (bytes) => foldText(text.decode(transfer.value.push(bytes))),
    end: () => foldText(text.decode(transfer.value.end()) + text.end()),
  };
}

/**
 * What SEARCH BODY looks through: the text parts of a message, transfer encoding and charset decoded, folded, and the decoded headers of
 * messages within it, with `textBreak` between one and the next. `source` is the whole message; it is read no further than needed.
 */
export async function* bodyText(
  record: Pick<MessageRecord, 'root'>,
  source: Uint8Array | AsyncIterable<Uint8Array>,
): AsyncGenerator<string> {
  const stretches = stretchesOf(record.root);
  let next = 0;
  let reader: Reader | undefined;
  let offset = 0;
  for await (const chunk of source instanceof Uint8Array ? [source] : source) {
    const chunkEnd = offset + chunk.length;
    for (let stretch = stretches[next]; stretch && stretch.start < chunkEnd; stretch = stretches[next]) {
      reader ??= readerOf(stretch);
      const from = Math.max(stretch.start, offset) - offset;
      for (let at = from; at < Math.min(stretch.end - offset, chunk.length); at += pieceSize) {
        const text = reader.push(chunk.subarray(at, Math.min(at + pieceSize, stretch.end - offset)));
        if (text !== '') yield text;
      }
      if (stretch.end > chunkEnd) break;
      yield reader.end() + textBreak;
      reader = undefined;
      next++;
    }
    offset = chunkEnd;
    if (next === stretches.length) return;
  }
}

/** A large body at hand is decoded in pieces, so that its text is never there as a whole. */
const pieceSize = 64 << 10;

/** Whether texts that follow one another contain `needle` (folded, as they are), also across their borders. */
export async function containsText(
  texts: AsyncIterable<string> | Iterable<string>,
  needle: string,
): Promise<boolean> {
  const matcher = new TextMatcher(needle);
  if (matcher.found) return true;
  for await (const text of texts) if (matcher.push(text)) return true;
  return false;
}

/** SEARCH BODY: the headers of the parts, or else their texts. `needle` as the client sent it. */
export const bodyContains = async (
  record: Pick<MessageRecord, 'root'>,
  source: Uint8Array | AsyncIterable<Uint8Array>,
  needle: string,
): Promise<boolean> =>
  (partTexts(record.root)?.includes(foldHeaderText(needle)) ?? false) ||
  containsText(bodyText(record, source), foldText(needle));

/** SEARCH TEXT: the header, or else the body, which is opened only then. */
export async function messageContains(
  record: Pick<MessageRecord, 'root' | 'header'>,
  open: () => Promise<Uint8Array | AsyncIterable<Uint8Array>>,
  needle: string,
): Promise<boolean> {
  if (headerSearchText(record.header).includes(foldHeaderText(needle))) return true;
  return bodyContains(record, await open(), needle);
}
