import type { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';

/**
 * A stream that brings nothing for this long is given up, and one whose reader takes nothing gives its connection back:
 * either is opened anew when the reader comes for more, ms.
 */
const quietMs = 20_000;
/** Streams in a row that break before they bring anything. */
const fruitless = 4;

export interface BodySource {
  /** The bytes from `at` on, `at` counted from the beginning of what was asked for. */
  readonly open: (at: number) => Promise<Readable>;
  readonly length: number;
  /** CRC-32 of all of it, where it is known. */
  readonly checksum: number | undefined;
  /** Before another stream is opened in the place of one that broke. */
  readonly pause: (attempt: number) => Promise<void>;
}

/**
 * An answer's body at its reader's pace, however slow. The service ends connections that are not read, and networks break:
 * the rest is then asked for anew. Throws where that does not help, and where the bytes are not those that were stored.
 */
async function* readBody(source: BodySource, first: Readable): AsyncGenerator<Uint8Array> {
  let at = 0;
  let sum = 0;
  let stream: Readable | undefined = first;
  for (let failures = 0; at < source.length; ) {
    let cause: unknown = new Error('the body ended early');
    try {
      stream ??= await source.open(at);
      for await (const chunk of watched(stream)) {
        if (at + chunk.byteLength > source.length) throw new Error('the body is longer than was said');
        at += chunk.byteLength;
        sum = crc32(chunk, sum);
        failures = 0;
        yield chunk;
      }
    } catch (error) {
      cause = error;
    }
    stream = undefined;
    if (at === source.length) break;
    if (++failures >= fruitless) throw new Error('the body could not be read', { cause });
    await source.pause(failures);
  }
  if (source.checksum !== undefined && sum >>> 0 !== source.checksum)
    throw new Error('the body differs from what was stored');
}

/** Destroys a stream whose reader, or whose sender, has gone quiet. */
async function* watched(stream: Readable): AsyncGenerator<Uint8Array> {
  const timer = setTimeout(() => stream.destroy(new Error('the body stalled')), quietMs).unref();
  try {
    for await (const chunk of stream) {
      timer.refresh();
      yield chunk as Uint8Array;
      timer.refresh();
    }
  } finally {
    clearTimeout(timer);
  }
}

/** Gives the stream's connection back if nobody reads for a while; the returned function says that somebody does. */
function abandonLater(stream: Readable): () => void {
  const timer = setTimeout(() => stream.destroy(), quietMs).unref();
  return () => clearTimeout(timer);
}

/** The CRC-32 that S3 gives in base64; undefined for one that is made of the parts' (`…-3`), which says nothing here. */
export function wholeChecksum(text: string | undefined): number | undefined {
  if (text === undefined || text.includes('-')) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.byteLength === 4 ? bytes.readUInt32BE() : undefined;
}

export function printChecksum(sum: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(sum >>> 0);
  return bytes.toString('base64');
}

/** A body that nobody begins to read gives its connection back too. */
export function lazily(source: BodySource, first: Readable): AsyncIterable<Uint8Array> {
  // What breaks before it is read shows when it is.
  first.on('error', () => {});
  const begun = abandonLater(first);
  return {
    [Symbol.asyncIterator]() {
      begun();
      return readBody(source, first);
    },
  };
}
