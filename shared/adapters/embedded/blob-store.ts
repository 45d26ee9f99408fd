import type { DatabaseSync } from 'node:sqlite';
import type { BlobKey } from '../../ids.ts';
import type { Blob, BlobStore, ByteRange } from '../../ports/blob-store.ts';
import type { BlobFiles } from './blob-files.ts';
import { ObjectRows } from './object-rows.ts';
import type { Staging } from './staging.ts';
import type { Writer } from './writer.ts';

/** Objects up to this size are rows, larger ones files; also the most that is answered in one piece. */
export const rowBytes = 128 * 1024;
const pageKeys = 1_000;
const deletedAtOnce = 1_000;

/** Small objects as rows, recorded with the append that names them (see Staging), large ones as synced files. */
export class EmbeddedBlobStore implements BlobStore {
  readonly #writer: Writer;
  readonly #staging: Staging;
  readonly #files: BlobFiles;
  readonly #find;
  readonly #rows: ObjectRows;
  readonly #page;

  constructor(reader: DatabaseSync, writer: Writer, staging: Staging, files: BlobFiles) {
    this.#writer = writer;
    this.#staging = staging;
    this.#files = files;
    this.#find = reader.prepare('SELECT 1 FROM blobs WHERE key = ?');
    this.#rows = new ObjectRows(reader);
    this.#page = reader.prepare(
      `SELECT key, size FROM blobs WHERE key > ? AND key >= ? AND key < ? ORDER BY key LIMIT ${pageKeys}`,
    );
  }

  async put(key: BlobKey, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<number> {
    // Of rows that are recorded already the writer finds out when it records this one: a look from here would cost every delivery one.
    if (this.#staging.get(key)) throw new Error(`put to a used key: ${key}`);
    if (!(body instanceof Uint8Array)) return this.#putStream(key, body);
    if (body.byteLength > rowBytes) return this.#putFile(key, one(body));
    // A copy: the caller may use its buffer again.
    return this.#putRow(key, new Uint8Array(body));
  }

  /** The bytes are taken over. */
  async #putRow(key: BlobKey, bytes: Uint8Array): Promise<number> {
    await this.#staging.add({ key, size: bytes.byteLength, bytes });
    return bytes.byteLength;
  }

  async #putStream(key: BlobKey, body: AsyncIterable<Uint8Array>): Promise<number> {
    const chunks = body[Symbol.asyncIterator]();
    const held: Uint8Array[] = [];
    let size = 0;
    let ended = false;
    try {
      while (size <= rowBytes) {
        const next = await chunks.next();
        if (next.done) {
          ended = true;
          return this.#putRow(key, joined(held, size));
        }
        held.push(new Uint8Array(next.value));
        size += next.value.byteLength;
      }
      return await this.#putFile(key, all(held, chunks));
    } finally {
      if (!ended) await chunks.return?.();
    }
  }

  async #putFile(key: BlobKey, chunks: AsyncIterable<Uint8Array>): Promise<number> {
    if (this.#find.get(key)) throw new Error(`put to a used key: ${key}`);
    const size = await this.#files.write(key, chunks);
    await this.#staging.add({ key, size, bytes: undefined });
    return size;
  }

  async get(key: BlobKey, range?: ByteRange): Promise<Blob | undefined> {
    const staged = this.#staging.get(key);
    if (staged) {
      const asked = within(range, staged.size);
      if (!staged.bytes) return this.#fromFile(key, staged.size, asked);
      return { size: staged.size, body: staged.bytes.slice(asked.start, asked.end) };
    }
    const row = await this.#rows.read(key);
    if (!row) return undefined;
    const { size, bytes } = row;
    const asked = within(range, size);
    if (row.file !== undefined) return this.#fromFile(key, size, asked);
    return { size, body: bytes.subarray(asked.start, asked.end) };
  }

  async #fromFile(key: BlobKey, size: number, range: ByteRange): Promise<Blob | undefined> {
    if (range.end - range.start > rowBytes) return { size, body: this.#files.stream(key, range) };
    const body = this.#files.read(key, range);
    return body && { size, body };
  }

  async delete(keys: readonly BlobKey[]): Promise<void> {
    for (let at = 0; at < keys.length; at += deletedAtOnce) {
      const some = keys.slice(at, at + deletedAtOnce);
      const unrecorded = some.filter(
        (key) => this.#staging.get(key)?.bytes === undefined && this.#staging.get(key),
      );
      this.#staging.settle(some);
      const inFiles = await this.#writer.send('deleteBlobs', some);
      // The rows first: what a crash leaves between is a file that the next sweep finds.
      await this.#files.delete([...new Set([...unrecorded, ...inFiles])]);
    }
  }

  async list(prefix: string, after?: BlobKey): Promise<{ key: BlobKey; size: number }[]> {
    const from = after ?? '';
    const found = new Map<BlobKey, number>();
    for (const { key, size } of this.#staging.withPrefix(prefix)) if (key > from) found.set(key, size);
    for (const { key, size } of this.#page.all(from, prefix, `${prefix}\u{10ffff}`))
      found.set(key as BlobKey, size as number);
    return [...found]
      .map(([key, size]) => ({ key, size }))
      .sort((a, b) => (a.key < b.key ? -1 : 1))
      .slice(0, pageKeys);
  }
}

function within(range: ByteRange | undefined, size: number): ByteRange {
  const start = Math.min(range?.start ?? 0, size);
  return { start, end: Math.max(start, Math.min(range?.end ?? size, size)) };
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  if (chunks.length === 1) return chunks[0]!;
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}

async function* one(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}

async function* all(held: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncIterable<Uint8Array> {
  yield* held;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}
