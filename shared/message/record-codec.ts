import { isAscii } from 'node:buffer';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { ByteReader, ByteWriter, CorruptRecord } from './byte-writer.ts';
import { asBuffer } from './header-text.ts';
import { recordDictionary } from './record-dictionary.ts';
import type { Envelope, MessageRecord, Part } from './structure.ts';
import { readEnvelopeRecord, readPart, writeEnvelope, writePart } from './structure-codec.ts';

export { CorruptRecord } from './byte-writer.ts';

/** A record of a newer format: whoever meets one must not guess. */
export class UnknownFormat extends Error {}

/**
 * The stored form of a MessageRecord, version 2. Integers are LEB128.
 *
 *     version byte, codec byte, size of the message, [length of the payload when decompressed, if codec is not raw],
 *     [number of the dictionary, if codec is zstdDictionary], payload
 *     payload: length of numbers, length of text, numbers, text (UTF-8), header block
 *
 * "numbers" and "text" are a ByteWriter's: the envelope, then the tree, then the preview, which version 1 has not. Zstd without a dictionary is read, and
 * no longer written.
 */
const version = 2;
const withoutPreview = 1;
const codecs = { raw: 0, zstd: 1, zstdDictionary: 2 } as const;

/** Below this nothing is gained by compression. */
const worthCompressing = 128;
/** By number; 0 is none, and stays so. */
const dictionaries: readonly (Uint8Array | undefined)[] = [undefined, recordDictionary];
/** The one that is written: a new one is read for a release before. */
const written = 1;
/** The lowest level that makes something of the dictionary (decision 0013). */
const compression = {
  params: { [constants.ZSTD_c_compressionLevel]: 5 },
  dictionary: dictionaries[written],
};
/** Larger than any record can be: a header of a megabyte and parts with two. */
const maxPayload = 64 << 20;

/** 'raw' is for records that are compressed together later. 'zstd' falls back to raw where it gains nothing. */
export function encodeRecord(record: MessageRecord, codec: 'raw' | 'zstd' = 'zstd'): Uint8Array {
  const payload = encodePayload(record);
  if (codec === 'zstd' && payload.length >= worthCompressing) {
    const packed = zstdCompressSync(payload, compression);
    if (packed.length + 4 < payload.length)
      return assemble([version, codecs.zstdDictionary, record.size, payload.length, written], packed);
  }
  return assemble([version, codecs.raw, record.size], payload);
}

/** The same record, not compressed by itself: for packing many together. */
export function uncompressedRecord(encoded: Uint8Array): Uint8Array {
  if (encoded[0] === version && encoded[1] === codecs.raw) return encoded;
  const record = decodeRecord(encoded);
  return assemble([record.version, codecs.raw, record.size], record.payload());
}

function encodePayload(record: MessageRecord): Uint8Array {
  const body = new ByteWriter();
  writeEnvelope(body, record.envelope);
  writePart(body, record.root, 0);
  body.optional(record.preview);
  const text = Buffer.from(body.text);
  const lengths = new ByteWriter();
  lengths.number(body.bytes.length);
  lengths.number(text.length);
  return Buffer.concat([lengths.bytes, body.bytes, text, record.header]);
}

function assemble(numbers: readonly number[], payload: Uint8Array): Uint8Array {
  const head = new ByteWriter();
  for (const number of numbers) head.number(number);
  const out = new Uint8Array(head.bytes.length + payload.length);
  out.set(head.bytes);
  out.set(payload, head.bytes.length);
  return out;
}

/**
 * Opens what `encodeRecord` made. Each member is decoded when first asked for: `size` costs nothing, `header` at most one
 * decompression, `envelope` and `root` that and their own part. Throws UnknownFormat or CorruptRecord, here or
 * when a member is asked for. The bytes are not copied and must not change.
 */
export function decodeRecord(encoded: Uint8Array): LazyRecord {
  return new LazyRecord(encoded);
}

interface Sections {
  readonly numbers: Uint8Array;
  readonly text: Uint8Array;
  readonly header: Uint8Array;
}

/** See `decodeRecord`. */
export class LazyRecord implements MessageRecord {
  readonly version: number;
  readonly size: number;
  readonly #codec: number;
  readonly #packed: Uint8Array;
  readonly #payloadLength: number;
  readonly #dictionary: Uint8Array | undefined;
  #sections: Sections | undefined;
  #reader: ByteReader | undefined;
  #envelope: Envelope | undefined;
  #root: Part | undefined;
  #preview: { readonly text: string | undefined } | undefined;

  constructor(encoded: Uint8Array) {
    this.version = encoded[0] ?? 0;
    if (this.version !== version && this.version !== withoutPreview)
      throw new UnknownFormat(`message record of version ${encoded[0]}`);
    this.#codec = encoded[1]!;
    if (!(this.#codec <= codecs.zstdDictionary))
      throw new UnknownFormat(`message record with codec ${this.#codec}`);
    const head = new ByteReader(encoded, '', 2);
    this.size = head.number();
    this.#payloadLength = this.#codec === codecs.raw ? encoded.length : head.number();
    if (this.#payloadLength > maxPayload) throw new CorruptRecord('the record is too long');
    if (this.#codec === codecs.zstdDictionary) {
      const number = head.number();
      this.#dictionary = dictionaries[number];
      if (this.#dictionary === undefined) throw new UnknownFormat(`message record with dictionary ${number}`);
    }
    this.#packed = encoded.subarray(head.at);
  }

  get header(): Uint8Array {
    return this.#open().header;
  }

  get envelope(): Envelope {
    return this.#readEnvelope();
  }

  get root(): Part {
    return this.#readRoot();
  }

  get preview(): string | undefined {
    this.#preview ??= { text: this.#readPreview() };
    return this.#preview.text;
  }

  /** It follows the tree. */
  #readPreview(): string | undefined {
    if (this.version === withoutPreview) return undefined;
    this.#readRoot();
    return this.#members().optional();
  }

  #readRoot(): Part {
    this.#readEnvelope();
    return (this.#root ??= readPart(this.#members(), 0));
  }

  /** The tree follows the envelope: it cannot be read first. */
  #readEnvelope(): Envelope {
    return (this.#envelope ??= readEnvelopeRecord(this.#members()));
  }

  #open(): Sections {
    if (this.#sections !== undefined) return this.#sections;
    const payload = this.payload();
    const lengths = new ByteReader(payload, '');
    const [numbers, text] = [lengths.number(), lengths.number()];
    const textAt = lengths.at + numbers;
    const headerAt = textAt + text;
    if (headerAt > payload.length) throw new CorruptRecord('the record is cut off');
    return (this.#sections = {
      numbers: payload.subarray(lengths.at, textAt),
      text: payload.subarray(textAt, headerAt),
      header: payload.subarray(headerAt),
    });
  }

  /** Of the envelope and the tree. Whoever wants the header alone is spared their text. */
  #members(): ByteReader {
    if (this.#reader !== undefined) return this.#reader;
    const { numbers, text } = this.#open();
    const string = asBuffer(text).toString(isAscii(text) ? 'latin1' : 'utf8');
    return (this.#reader = new ByteReader(numbers, string));
  }

  /** The encoded members, not compressed. */
  payload(): Uint8Array {
    return this.#codec === codecs.raw ? this.#packed : this.#decompress();
  }

  #decompress(): Uint8Array {
    try {
      return zstdDecompressSync(this.#packed, {
        maxOutputLength: Math.max(1, this.#payloadLength),
        ...(this.#dictionary && { dictionary: this.#dictionary }),
      });
    } catch (cause) {
      throw new CorruptRecord('the record does not decompress', { cause });
    }
  }
}
