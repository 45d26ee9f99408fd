import { err, ok, type Result } from '../result.ts';

/** Decodes one body piece by piece. */
export interface TransferDecoder {
  /** What `chunk` completes; the array may be `chunk` itself. */
  push(chunk: Uint8Array): Uint8Array;
  end(): Uint8Array;
}

export interface UnknownEncoding {
  readonly kind: 'unknownEncoding';
  readonly encoding: string;
}

const nothing = new Uint8Array(0);

/** A decoder for a Content-Transfer-Encoding (RFC 2045 §6), named in any case. Decoding never fails: what is malformed is passed over or kept. */
export function transferDecoder(encoding: string): Result<TransferDecoder, UnknownEncoding> {
  switch (encoding.toLowerCase()) {
    case '':
    case '7bit':
    case '8bit':
    case 'binary':
      return ok({ push: (chunk) => chunk, end: () => nothing });
    case 'base64':
      return ok(new Base64Decoder());
    case 'quoted-printable':
      return ok(new QuotedPrintableDecoder());
    default:
      return err({ kind: 'unknownEncoding', encoding });
  }
}

/** The decoded bytes of a body, at the reader's pace. */
export function decodeTransfer(
  encoding: string,
  source: Uint8Array | AsyncIterable<Uint8Array>,
): Result<AsyncIterable<Uint8Array>, UnknownEncoding> {
  const decoder = transferDecoder(encoding);
  return decoder.ok ? ok(run(decoder.value, source)) : decoder;
}

async function* run(
  decoder: TransferDecoder,
  source: Uint8Array | AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source instanceof Uint8Array ? [source] : source) {
    const decoded = decoder.push(chunk);
    if (decoded.length > 0) yield decoded;
  }
  const rest = decoder.end();
  if (rest.length > 0) yield rest;
}

const padding = 64;
const ignored = 65;
const base64Values = new Uint8Array(256).fill(ignored);
for (const [i, c] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries())
  base64Values[c.charCodeAt(0)] = i;
base64Values['='.charCodeAt(0)] = padding;

/** RFC 2045 §6.8: characters outside the alphabet are ignored. After padding a new run may begin (concatenated pieces occur). */
class Base64Decoder implements TransferDecoder {
  #bits = 0;
  #count = 0;

  push(chunk: Uint8Array): Uint8Array {
    const out = new Uint8Array(Math.ceil((chunk.length * 3) / 4) + 3);
    let length = 0;
    let bits = this.#bits;
    let count = this.#count;
    for (let i = 0; i < chunk.length; i++) {
      const value = base64Values[chunk[i]!]!;
      if (value === ignored) continue;
      if (value === padding) {
        bits = 0;
        count = 0;
        continue;
      }
      bits = ((bits << 6) | value) & 0xffff;
      count += 6;
      if (count < 8) continue;
      count -= 8;
      out[length++] = (bits >> count) & 0xff;
    }
    this.#bits = bits;
    this.#count = count;
    return out.subarray(0, length);
  }

  end(): Uint8Array {
    return nothing;
  }
}

const equals = 0x3d;
const cr = 0x0d;
const lf = 0x0a;
/** Longer runs of white space are text, wherever they stand: a line has 76 characters (RFC 2045 §6.7). */
const maxBlanks = 1000;
const isBlank = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09;

function hex(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** RFC 2045 §6.7: white space before a line end goes; "=" that begins nothing is kept. */
class QuotedPrintableDecoder implements TransferDecoder {
  /** The beginning of something whose end has not come; at most `maxBlanks` and a few bytes. */
  #held = nothing;
  #inLongRun = false;

  push(chunk: Uint8Array): Uint8Array {
    return this.#decode(this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]), false);
  }

  end(): Uint8Array {
    return this.#decode(this.#held, true);
  }

  #decode(input: Uint8Array, final: boolean): Uint8Array {
    const out = new Uint8Array(input.length);
    let length = 0;
    let at = 0;
    while (at < input.length) {
      const byte = input[at]!;
      if (byte !== equals && !isBlank(byte)) {
        this.#inLongRun = false;
        out[length++] = byte;
        at++;
        continue;
      }
      if (byte !== equals && this.#inLongRun) {
        out[length++] = byte;
        at++;
        continue;
      }
      this.#inLongRun = false;
      let end = at + 1;
      while (end - at <= maxBlanks && isBlank(input[end])) end++;
      const tooLong = end - at > maxBlanks;
      const lineEnd = tooLong
        ? 0
        : input[end] === lf
          ? 1
          : input[end] === cr && input[end + 1] === lf
            ? 2
            : 0;
      const mayGoOn =
        !tooLong &&
        (end === input.length ||
          (input[end] === cr && end + 1 === input.length) ||
          (byte === equals && end === at + 1 && end + 1 === input.length));
      if (mayGoOn && !final) break;
      if (byte === equals) {
        const high = hex(input[at + 1]);
        const low = high < 0 ? -1 : hex(input[at + 2]);
        if (lineEnd > 0) at = end + lineEnd;
        else if (low >= 0) {
          out[length++] = high * 16 + low;
          at += 3;
        } else if (final && end >= input.length) at = end;
        else out[length++] = input[at++]!;
      } else if (lineEnd > 0 || (final && end === input.length && !tooLong)) at = end;
      else {
        this.#inLongRun = tooLong;
        while (at < end) out[length++] = input[at++]!;
      }
    }
    this.#held = input.slice(at);
    return out.subarray(0, length);
  }
}
