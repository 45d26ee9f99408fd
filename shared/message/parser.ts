import { Beginning } from './beginning.ts';
import { BoundaryIndex, type BoundaryMatch, maxBoundary } from './boundary-index.ts';
import { readEnvelope } from './envelope.ts';
import { HeaderBlock } from './header-block.ts';
import { asBuffer } from './header-text.ts';
import { closePart, type OpenPart } from './open-part.ts';
import { asOpaque, asPlainText, type DefaultType, type PartFields, readPartFields } from './part-fields.ts';
import { previewOf } from './preview.ts';
import type { Envelope, MessageRecord, Part } from './structure.ts';

export const parserLimits = {
  /** Bytes of the message's header block; it is cut there, and what follows counts as body. */
  header: 1 << 20,
  /** Bytes of one part's header block, cut in the same way. */
  partHeader: 256 << 10,
  /** Bytes of all part headers together. The part that exceeds them is the last: it reaches to the message's end. */
  partHeaders: 2 << 20,
  /** Levels of nesting; a multipart or message deeper than this is an application/octet-stream leaf. */
  depth: 100,
  /** Parts of one message. The last one reaches to the message's end. */
  parts: 2000,
  /** Bytes at the message's beginning that are kept to make its preview of. */
  beginning: 32 << 10,
} as const;

const lf = 0x0a;
const cr = 0x0d;
const dash = 0x2d;
const headerPiece = 4096;

/**
 * Finds a message's structure while its bytes pass by: header block, MIME tree with byte offsets, envelopes (RFC 5322, 2045, 2046).
 * Linear in the message, in memory bounded by `parserLimits`; bodies are not kept, but for a beginning to show. Never fails: every input is a message of some
 * structure. A line ends with LF (a bare CR is a character like others); a body that a boundary ends does not include the line end
 * before it (RFC 2046 §5.1.1). How the input is cut into chunks makes no difference.
 */
export class MessageParser {
  #mode: 'header' | 'lineStart' | 'line' | 'delimiter' = 'header';
  /** Offset in the message of the next byte. */
  #offset = 0;
  #lines = 0;
  /** Where the last line end seen in a body begins (at its CR, if it has one). */
  #eol = -1;
  #lastByte = 0;
  /** The beginning of a line that may be a boundary delimiter. */
  readonly #held = new Uint8Array(maxBoundary + 4);
  #heldLength = 0;
  readonly #open: OpenPart[] = [];
  readonly #boundaries = new BoundaryIndex();
  readonly #block = new HeaderBlock(
    (bytes, start, end) => this.#boundaries.match(bytes, start, end) !== undefined,
  );
  #headerStart = 0;
  #defaultType: DefaultType = 'text/plain';
  #afterDelimiter: 'part' | 'epilogue' = 'part';
  #partHeadersLeft: number = parserLimits.partHeaders;
  #parts = 0;
  #header = new Uint8Array(0);
  #envelope: Envelope | undefined;
  #root: Part | undefined;
  #visited = 0;
  /** What the preview is made of. */
  readonly #beginning: Uint8Array | Beginning;

  /** `message` is all of it, where that is at hand: then nothing need be kept. It is still to be pushed. */
  constructor(message?: Uint8Array) {
    const { beginning } = parserLimits;
    this.#beginning = message?.subarray(0, beginning) ?? new Beginning(beginning);
    this.#block.reset(parserLimits.header);
  }

  /** Bytes looked at so far, repeated looks included: what the cost of parsing is proportional to. */
  get visited(): number {
    return this.#visited;
  }

  /** The chunk is not kept. Not to be called after `end`. */
  push(chunk: Uint8Array): void {
    if (this.#root !== undefined) throw new Error('the message has ended');
    if (this.#beginning instanceof Beginning) this.#beginning.add(chunk);
    this.#consume(chunk);
  }

  end(): MessageRecord {
    if (this.#root !== undefined) throw new Error('the message has ended');
    const size = this.#offset;
    if (this.#heldLength > 0) this.#judgeHeld();
    if (this.#mode === 'delimiter' && this.#afterDelimiter === 'part') this.#startHeader();
    while (this.#mode === 'header') this.#endHeader(this.#block.finish(), this.#block.length);
    this.#offset = size;
    this.#closeDownTo(0, size, this.#lines);
    const root = this.#root!;
    const beginning = this.#beginning instanceof Beginning ? this.#beginning.bytes : this.#beginning;
    const preview = previewOf(root, beginning);
    return { header: this.#header, envelope: this.#envelope!, root, size, preview };
  }

  #consume(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      const next = this.#mode === 'header' ? this.#takeHeader(bytes, at) : this.#takeBody(bytes, at);
      this.#visited += next - at;
      at = next;
    }
    if (bytes.length > 0) this.#lastByte = bytes[bytes.length - 1]!;
  }

  #takeHeader(bytes: Uint8Array, at: number): number {
    // A little at a time: a piece is copied before it is known where the header ends
    const piece = bytes.subarray(at, at + headerPiece);
    const before = this.#block.length;
    this.#visited += piece.length;
    this.#offset += piece.length;
    const end = this.#block.add(piece);
    if (end === undefined) return at + piece.length;
    this.#endHeader(end, before);
    return at + Math.max(0, end - before);
  }

  /** The block ends at `end`; of what it holds beyond, the bytes up to `known` are body and come from nowhere else. */
  #endHeader(end: number, known: number): void {
    const again = end < known ? this.#block.bytes(end, known).slice() : undefined;
    const header = asBuffer(this.#block.bytes(0, end));
    for (let at = 0; at < end; at++) if (header[at] === lf) this.#lines++;
    this.#visited += end;
    this.#offset = this.#headerStart + end;
    const fields = readPartFields(header, this.#defaultType);
    const parent = this.#open.at(-1);
    if (parent === undefined) {
      this.#header = new Uint8Array(header);
      this.#envelope = readEnvelope(header);
    } else {
      this.#partHeadersLeft -= end;
      if (parent.kind === 'message') parent.envelope = readEnvelope(header);
    }
    this.#mode = end === 0 || header[end - 1] === lf ? 'lineStart' : 'line';
    this.#openPart(fields);
    if (again !== undefined) this.#consume(again);
  }

  #openPart(fields: PartFields): void {
    const last = ++this.#parts >= parserLimits.parts || this.#partHeadersLeft <= 0;
    const multipart = fields.type === 'multipart';
    const boundary = multipart ? boundaryOf(fields) : undefined;
    const container = boundary !== undefined || isMessage(fields);
    const opaque = container && (last || this.#open.length + 1 >= parserLimits.depth);
    if (last) this.#boundaries.closeFrom(0);
    const kind = opaque || !container ? 'leaf' : multipart ? 'multipart' : 'message';
    this.#open.push({
      kind,
      fields: opaque ? asOpaque(fields) : multipart && kind === 'leaf' ? asPlainText(fields) : fields,
      headerStart: this.#headerStart,
      bodyStart: this.#offset,
      linesBefore: this.#lines,
      parts: [],
      envelope: undefined,
    });
    if (kind === 'multipart') this.#boundaries.open(boundary!, this.#open.length - 1);
    if (kind === 'message') this.#startHeader();
  }

  #startHeader(): void {
    const parent = this.#open.at(-1)!;
    const digest = parent.kind === 'multipart' && parent.fields.subtype === 'digest';
    this.#defaultType = digest ? 'message/rfc822' : 'text/plain';
    this.#headerStart = this.#offset;
    this.#block.reset(Math.max(0, Math.min(parserLimits.partHeader, this.#partHeadersLeft)));
    this.#mode = 'header';
  }

  #takeBody(bytes: Uint8Array, from: number): number {
    const base = this.#offset - from;
    let at = from;
    while (at < bytes.length && this.#mode !== 'header') {
      if (this.#mode === 'lineStart') at = this.#hold(bytes, at);
      else if (this.#mode === 'line') at = this.#skipLines(bytes, at, base);
      else {
        const found = bytes.indexOf(lf, at);
        at = found < 0 ? bytes.length : found + 1;
        if (found < 0) continue;
        this.#endLine(base + found, found > 0 ? bytes[found - 1]! : this.#lastByte);
        this.#offset = base + at;
        this.#mode = 'lineStart';
        if (this.#afterDelimiter === 'part') this.#startHeader();
      }
    }
    this.#offset = base + at;
    return at;
  }

  /** Passes over lines until one may be a boundary delimiter. */
  #skipLines(bytes: Uint8Array, from: number, base: number): number {
    const watching = !this.#boundaries.empty;
    const length = bytes.length;
    let ends = 0;
    let end = -1;
    let at = from;
    while (at < length) {
      if (bytes[at++] !== lf) continue;
      ends++;
      end = at - 1;
      if (!watching) continue;
      if (at === length || bytes[at] === dash) {
        this.#mode = 'lineStart';
        break;
      }
    }
    if (ends === 0) return at;
    this.#lines += ends - 1;
    this.#endLine(base + end, end > 0 ? bytes[end - 1]! : this.#lastByte);
    return at;
  }

  #endLine(at: number, before: number): void {
    this.#lines++;
    this.#eol = before === cr && at > this.#open.at(-1)!.bodyStart ? at - 1 : at;
  }

  /** Keeps the beginning of a line until it is known whether it is a delimiter. */
  #hold(bytes: Uint8Array, from: number): number {
    const held = this.#held;
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at]!;
      const possible =
        byte !== lf && (this.#heldLength > 1 || byte === dash) && this.#heldLength < held.length;
      if (!possible || this.#boundaries.empty) {
        this.#judgeHeld();
        return at;
      }
      held[this.#heldLength++] = byte;
    }
    return bytes.length;
  }

  #judgeHeld(): void {
    const match = this.#boundaries.match(this.#held, 0, this.#heldLength);
    this.#visited += this.#heldLength;
    this.#heldLength = 0;
    this.#mode = match === undefined ? 'line' : 'delimiter';
    if (match !== undefined) this.#delimit(match);
  }

  #delimit({ level, closing }: BoundaryMatch): void {
    const { bodyStart } = this.#open.at(-1)!;
    const inBody = this.#eol >= bodyStart;
    this.#closeDownTo(level + 1, inBody ? this.#eol : bodyStart, inBody ? this.#lines - 1 : this.#lines);
    this.#boundaries.closeFrom(closing ? level : level + 1);
    this.#afterDelimiter = closing ? 'epilogue' : 'part';
  }

  #closeDownTo(level: number, bodyEnd: number, lines: number): void {
    while (this.#open.length > level) {
      const part = closePart(this.#open.pop()!, bodyEnd, lines);
      const parent = this.#open.at(-1);
      if (parent === undefined) this.#root = part;
      else parent.parts.push(part);
    }
  }
}

function boundaryOf(fields: PartFields): Uint8Array | undefined {
  const value = fields.parameters.find(([name]) => name === 'boundary')?.[1].trimEnd();
  if (!value) return undefined;
  const bytes = Buffer.from(value);
  return bytes.length > maxBoundary ? undefined : bytes;
}

/** Only these may be looked into without decoding (RFC 2046 §5.2.1; RFC 6532 §3.7 allows message/global to be encoded). */
const isMessage = (fields: PartFields): boolean =>
  fields.type === 'message' &&
  (fields.subtype === 'rfc822' || fields.subtype === 'global') &&
  (fields.encoding === '7bit' || fields.encoding === '8bit' || fields.encoding === 'binary');

/** Parses a message that is at hand in one piece. */
export function parseMessage(message: Uint8Array): MessageRecord {
  const parser = new MessageParser(message);
  parser.push(message);
  return parser.end();
}
