import { isAscii, isUtf8 } from 'node:buffer';
import { TextDecoder } from 'node:util';
import { asBuffer } from './header-text.ts';
import { completeLength, validLength } from './utf8.ts';

/** Names that occur in mail and that the Encoding Standard does not know. */
const aliases = new Map<string, string>(
  Object.entries({
    cp932: 'shift_jis',
    'windows-932': 'shift_jis',
    cp936: 'gb18030',
    cp949: 'euc-kr',
    ks_c_5601: 'euc-kr',
    cp950: 'big5',
    cp874: 'windows-874',
    cp866: 'ibm866',
    'iso-2022-jp-1': 'iso-2022-jp',
    'iso-2022-jp-2': 'iso-2022-jp',
    'iso-2022-jp-ms': 'iso-2022-jp',
    utf8mb4: 'utf-8',
    'x-gbk': 'gb18030',
    gb2312: 'gb18030',
    'iso-8859-8-e': 'iso-8859-8',
  }),
);
/** What such text really is must be guessed: UTF-8 where it is valid, else Windows-1252. */
const unsure = new Set([
  '',
  'us-ascii',
  'ascii',
  'unknown-8bit',
  'x-unknown',
  'unknown',
  'default',
  '8bit',
  'binary',
]);

const names = new Map<string, string | undefined>();
/** Names are the senders' choice: only so many are remembered. */
const maxNames = 256;

/** The Encoding Standard's name of a charset as mail names it, or undefined where it is unknown or says nothing. */
export function encodingName(charset: string): string | undefined {
  const name = charset.trim().toLowerCase();
  if (name.length > 64 || unsure.has(name)) return undefined;
  if (!names.has(name) && names.size < maxNames) names.set(name, lookUp(name));
  return names.has(name) ? names.get(name) : lookUp(name);
}

function lookUp(name: string): string | undefined {
  try {
    return new TextDecoder(aliases.get(name) ?? name).encoding;
  } catch {
    return undefined;
  }
}

const decoders = new Map<string, TextDecoder>();
const windows1252 = 'windows-1252';
const c1 = new TextDecoder(windows1252);

/** It differs from Latin-1 in what few texts have; the runtime decodes that many times faster. */
function decodeWindows1252(bytes: Uint8Array): string {
  const latin1 = asBuffer(bytes).toString('latin1');
  return /[\x80-\x9f]/.test(latin1) ? c1.decode(bytes) : latin1;
}

/** Decodes all of `bytes`; never throws. An unknown charset is guessed: UTF-8 where valid, else Windows-1252. */
export function decodeCharset(charset: string, bytes: Uint8Array): string {
  const buffer = asBuffer(bytes);
  if (isUtf8(bytes) && /^(utf-?8|us-ascii)$/i.test(charset))
    return buffer.toString(isAscii(bytes) ? 'latin1' : 'utf8');
  const name = encodingName(charset);
  if (name === undefined) return isUtf8(bytes) ? buffer.toString('utf8') : decodeWindows1252(bytes);
  if (name === windows1252) return decodeWindows1252(bytes);
  let decoder = decoders.get(name);
  if (decoder === undefined) decoders.set(name, (decoder = new TextDecoder(name, { ignoreBOM: true })));
  return decoder.decode(bytes);
}

/** Decodes a body that comes in pieces. */
export interface CharsetStream {
  decode(bytes: Uint8Array): string;
  end(): string;
}

/** What no known charset names is taken as UTF-8 and, from its first invalid byte on, as Windows-1252. */
export function charsetStream(charset: string): CharsetStream {
  const name = encodingName(charset);
  if (name === undefined) return new GuessingStream();
  if (name === windows1252) return { decode: decodeWindows1252, end: () => '' };
  return new PieceStream(name);
}

/** Shorter pieces wait for the next one: the runtime leaves no room for all that a few octets may let go of what came before, and throws. */
const shortestPiece = 16;
const replacement = '\ufffd';

class PieceStream implements CharsetStream {
  readonly #decoder: TextDecoder;
  #held: Uint8Array = new Uint8Array(0);

  constructor(name: string) {
    this.#decoder = new TextDecoder(name, { ignoreBOM: true });
  }

  decode(bytes: Uint8Array): string {
    const all = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    const waits = all.length < shortestPiece;
    this.#held = waits ? all.slice() : new Uint8Array(0);
    return waits ? '' : this.#text(all, true);
  }

  end(): string {
    return this.#text(this.#held, false);
  }

  #text(bytes: Uint8Array, stream: boolean): string {
    try {
      return this.#decoder.decode(bytes, { stream });
    } catch {
      return replacement;
    }
  }
}

class GuessingStream implements CharsetStream {
  #isUtf8 = true;
  /** A character whose end has not come. */
  #held: Uint8Array = new Uint8Array(0);

  decode(bytes: Uint8Array): string {
    if (!this.#isUtf8) return decodeWindows1252(bytes);
    const all = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    const complete = completeLength(all);
    const known = all.subarray(0, complete);
    if (isUtf8(known)) {
      this.#held = all.slice(complete);
      return asBuffer(known).toString('utf8');
    }
    this.#isUtf8 = false;
    this.#held = new Uint8Array(0);
    const valid = validLength(all);
    return asBuffer(all.subarray(0, valid)).toString('utf8') + decodeWindows1252(all.subarray(valid));
  }

  end(): string {
    return decodeWindows1252(this.#held);
  }
}
