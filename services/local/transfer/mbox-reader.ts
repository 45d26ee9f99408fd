import { createReadStream, readSync } from 'node:fs';
import { open } from 'node:fs/promises';

/** One message of an mbox file as it lies there, its quoting undone. */
export interface MboxEntry {
  /** Of its From_ line, in bytes from the start of the file. */
  readonly offset: number;
  /** Without the line end. */
  readonly fromLine: string;
  /** Undefined where it is larger than the limit. */
  readonly bytes: Buffer | undefined;
}

/** The file does not begin with a From_ line. */
export class NotAnMbox extends Error {}

const lf = 0x0a;
const cr = 0x0d;
const capitalF = 0x46;
const greater = 0x3e;
/** What is looked at of a line to judge it; longer ones are passed on in pieces. */
const judged = 1024;
const readBytes = 256 * 1024;
/** So many pieces of a message become one: of short quoted lines it may have millions, each a hundred bytes more than it says. */
const gathered = 1024;

/** asctime's date, perhaps with a zone, at the end or before a remote host's name: only a From_ line looks like this. */
const strict =
  /^From .*?(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +(?:[A-Z][a-z]{2} +\d{1,2}|\d{1,2} +[A-Z][a-z]{2}) +(?:\d{4} +)?\d{1,2}:\d{2}/;
/** What some programs write; counted as a From_ line only after an empty line. */
const loose = /^From \S+ .*\d{1,2}:\d{2}.*\d{4}|^From \S+ .*\d{4}.*\d{1,2}:\d{2}|^From - ?$/;
const quoted = /^>+From /;
const contentLength = /^content-length:[ \t]*(\d{1,15})[ \t]*\r?\n$/i;
/** What must stand where a Content-Length says that a message ends: the next From_ line, after an empty line or without. */
const next = /^\r?\n?\r?\n?(?:From |$)/;
/** An entry of our own export: it is quoted, and its first field says its size. */
const own = /^X-Restante-Mbox:/;

/**
 * The messages of an mbox file, in one pass and in memory bounded by `limit`. Messages are parted by From_ lines. Every `>From ` with one
 * or more `>` loses one, as mboxrd wants it; mboxo differs only for what was quoted already, where it cannot be undone. A
 * Content-Length (mboxcl, mboxcl2: Dovecot, mutt) counts only where a From_ line or the end of the file follows at that very place, for it is
 * wrong wherever somebody edited a message; that much is then taken as it is, From_ lines and all.
 */
export async function* readMbox(
  path: string,
  limit: number,
  onRead: (bytes: number) => void,
): AsyncGenerator<MboxEntry> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const looked = Buffer.alloc(9);
    const endsAt = (offset: number): boolean =>
      offset <= size &&
      next.test(looked.toString('latin1', 0, readSync(file.fd, looked, { position: offset })));
    const reader = new MboxSplitter(limit, endsAt);
    for await (const chunk of createReadStream(path, { highWaterMark: readBytes })) {
      yield* reader.push(chunk as Buffer);
      onRead((chunk as Buffer).length);
    }
    yield* reader.end();
  } finally {
    await file.close();
  }
}

/** Cuts the stream of bytes; how it comes in chunks makes no difference. */
export class MboxSplitter {
  readonly #limit: number;
  readonly #endsAt: (offset: number) => boolean;
  /** The beginning of a line whose end has not come yet. */
  #pending: Buffer = Buffer.alloc(0);
  /** Within a line too long to be judged as a whole. */
  #withinLine = false;
  #previousEmpty = true;
  /** Offset in the file of the first byte of what is being looked at. */
  #offset = 0;
  #current: { readonly offset: number; readonly fromLine: string } | undefined;
  #pieces: Buffer[] = [];
  /** Those that came last, `gathered` at most. */
  #latest: Buffer[] = [];
  #size = 0;
  /** Of the header that is being read; undefined within a body. */
  #header: { length: number | undefined; first: boolean } | undefined;
  /** Up to here, in bytes from the start of the file, nothing is judged. */
  #asItIs = 0;

  /** `endsAt`: whether a message can end at that offset. */
  constructor(limit: number, endsAt: (offset: number) => boolean = () => false) {
    this.#limit = limit;
    this.#endsAt = endsAt;
  }

  *push(chunk: Buffer): Generator<MboxEntry> {
    const data = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    /** Content not taken over yet begins here. */
    let kept = 0;
    let at = 0;
    while (at < data.length) {
      if (this.#offset + at < this.#asItIs) {
        at = Math.min(data.length, this.#asItIs - this.#offset);
        this.#withinLine = false;
        continue;
      }
      const found = data.indexOf(lf, at);
      const end = found < 0 ? data.length : found + 1;
      if (found < 0 && !this.#withinLine && end - at < judged) break;
      if (!this.#withinLine) {
        const first = data[at];
        if (first === capitalF && this.#isFromLine(data, at, end)) {
          this.#take(data, kept, at);
          if (this.#current !== undefined) yield this.#finish(this.#current);
          this.#current = { offset: this.#offset + at, fromLine: lineText(data, at, end) };
          kept = end;
          this.#header = { length: undefined, first: true };
        } else if (
          first === greater &&
          quoted.test(data.toString('latin1', at, Math.min(end, at + judged)))
        ) {
          this.#take(data, kept, at);
          kept = at + 1;
        } else if (this.#current === undefined) {
          // Empty lines before the first message are harmless.
          if (!isEmptyLine(data, at, end)) throw new NotAnMbox();
          kept = end;
        }
        this.#previousEmpty = isEmptyLine(data, at, end);
        if (this.#header !== undefined && end > kept) this.#readHeader(this.#header, data, at, end);
      }
      this.#withinLine = found < 0;
      at = end;
    }
    this.#take(data, kept, at);
    this.#pending = data.subarray(at);
    this.#offset += at;
  }

  *end(): Generator<MboxEntry> {
    // A last line without its end: judged as it is.
    if (this.#pending.length > 0) {
      const line = this.#pending;
      this.#pending = Buffer.alloc(0);
      if (this.#isFromLine(line, 0, line.length)) {
        if (this.#current !== undefined) yield this.#finish(this.#current);
        this.#current = { offset: this.#offset, fromLine: lineText(line, 0, line.length) };
      } else if (this.#current === undefined) throw new NotAnMbox();
      else this.#take(line, quoted.test(line.toString('latin1', 0, judged)) ? 1 : 0, line.length);
    }
    if (this.#current !== undefined) yield this.#finish(this.#current);
    this.#current = undefined;
  }

  #readHeader(
    header: { length: number | undefined; first: boolean },
    data: Buffer,
    at: number,
    end: number,
  ): void {
    if (this.#previousEmpty) {
      this.#header = undefined;
      const body = this.#offset + end;
      if (header.length !== undefined && this.#endsAt(body + header.length))
        this.#asItIs = body + header.length;
      return;
    }
    const line = data.toString('latin1', at, Math.min(end, at + judged));
    if (header.first && own.test(line)) this.#header = undefined;
    header.first = false;
    const [, digits] = contentLength.exec(line) ?? [];
    if (digits !== undefined) header.length = Number(digits);
  }

  #isFromLine(data: Buffer, start: number, end: number): boolean {
    const line = data.toString('latin1', start, Math.min(end, start + judged));
    if (!line.startsWith('From ')) return false;
    return strict.test(line) || (this.#previousEmpty && loose.test(line.trimEnd()));
  }

  #take(data: Buffer, from: number, to: number): void {
    if (to <= from || this.#current === undefined) return;
    this.#size += to - from;
    // The empty line that ends a message is not part of it, hence the two bytes.
    if (this.#size > this.#limit + 2) {
      this.#forget();
      return;
    }
    this.#latest.push(data.subarray(from, to));
    if (this.#latest.length < gathered) return;
    this.#pieces.push(Buffer.concat(this.#latest));
    this.#latest = [];
  }

  #forget(): void {
    this.#pieces = [];
    this.#latest = [];
  }

  #finish(entry: { readonly offset: number; readonly fromLine: string }): MboxEntry {
    const tooLarge = this.#size > this.#limit + 2;
    const pieces = [...this.#pieces, ...this.#latest];
    const bytes = tooLarge ? undefined : withoutLastLine(Buffer.concat(pieces, this.#size));
    this.#forget();
    this.#size = 0;
    return { ...entry, bytes };
  }
}

const isEmptyLine = (data: Buffer, start: number, end: number): boolean =>
  data[start] === lf || (data[start] === cr && data[start + 1] === lf && end === start + 2);

const lineText = (data: Buffer, start: number, end: number): string =>
  data.toString('latin1', start, Math.min(end, start + judged)).replace(/\r?\n$/, '');

/** The message without the empty line that the format puts after it. */
function withoutLastLine(bytes: Buffer): Buffer {
  const last = bytes.length - 1;
  if (bytes[last] !== lf) return bytes;
  const start = bytes[last - 1] === cr ? last - 1 : last;
  return start === 0 || bytes[start - 1] === lf ? bytes.subarray(0, start) : bytes;
}
