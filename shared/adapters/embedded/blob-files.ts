import { createHash, randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobKey } from '../../ids.ts';
import type { ByteRange } from '../../ports/blob-store.ts';
import { giveTo, makeFolder, type Owner } from './owner.ts';

const writeBytes = 256 * 1024;
const readBytes = 64 * 1024;
/** Leftovers of a crash are deleted when nobody can be at work on them any more. */
const leftoverMs = 24 * 60 * 60_000;

/** Objects too large for rows: `XX/NAME` under the folder, NAME a hash of the key, and `tmp` for those being written. */
export class BlobFiles {
  readonly #folder: string;
  readonly #owner: Owner | undefined;
  readonly #made = new Set<string>();

  private constructor(folder: string, owner: Owner | undefined) {
    this.#folder = folder;
    this.#owner = owner;
  }

  /** What is made belongs to `owner`, if there is one. */
  static async open(folder: string, owner: Owner | undefined): Promise<BlobFiles> {
    await makeFolder(folder, owner);
    await makeFolder(join(folder, 'tmp'), owner);
    return new BlobFiles(folder, owner);
  }

  /** Writes and syncs `chunks`; resolves to the size when the file is safe under its name. */
  async write(key: BlobKey, chunks: AsyncIterable<Uint8Array>): Promise<number> {
    const temporary = join(this.#folder, 'tmp', randomBytes(16).toString('hex'));
    try {
      const file = await open(temporary, 'wx', 0o600);
      let size: number;
      try {
        await giveTo(this.#owner, file);
        size = await writeAll(file, chunks);
        await file.datasync();
      } finally {
        await file.close();
      }
      const folder = await this.#folderOf(key);
      await rename(temporary, this.#path(key));
      await syncFolder(folder);
      return size;
    } catch (cause) {
      await rm(temporary, { force: true });
      throw cause;
    }
  }

  /** The range in one piece; undefined where the file is gone. */
  read(key: BlobKey, { start, end }: ByteRange): Uint8Array | undefined {
    const file = this.#openToRead(key);
    if (file === undefined) return undefined;
    try {
      return readExactly(file, start, end - start);
    } finally {
      closeSync(file);
    }
  }

  /** The range as chunks. The file is opened when the first one is asked for, so that nobody has to close it. */
  async *stream(key: BlobKey, { start, end }: ByteRange): AsyncIterable<Uint8Array> {
    const file = this.#openToRead(key);
    if (file === undefined) throw new Error(`blob deleted while it was read: ${key}`);
    try {
      for (let at = start; at < end; at += readBytes)
        yield readExactly(file, at, Math.min(readBytes, end - at));
    } finally {
      closeSync(file);
    }
  }

  async delete(keys: readonly BlobKey[]): Promise<void> {
    for (const key of keys) await rm(this.#path(key), { force: true });
  }

  /**
   * Deletes what crashes left behind, if it is older than a day: unfinished files, and finished ones that no row knows.
   * `known` answers for names of files. Ends early when `stop` is aborted.
   */
  async sweep(known: (name: string) => boolean, now: number, stop: AbortSignal): Promise<void> {
    for (const folder of await readdir(this.#folder)) {
      for (const name of await readdir(join(this.#folder, folder))) {
        if (stop.aborted) return;
        if (folder !== 'tmp' && known(name)) continue;
        const path = join(this.#folder, folder, name);
        const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: now }));
        if (now - mtimeMs > leftoverMs) await rm(path, { force: true });
      }
    }
  }

  /** A file is read as rows are, a piece at a time on the caller's thread: three ways to another thread and back take longer than the reading. */
  #openToRead(key: BlobKey): number | undefined {
    try {
      return openSync(this.#path(key), 'r');
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw cause;
    }
  }

  #path(key: BlobKey): string {
    const name = fileName(key);
    return join(this.#folder, name.slice(0, 2), name);
  }

  async #folderOf(key: BlobKey): Promise<string> {
    const folder = join(this.#folder, fileName(key).slice(0, 2));
    if (this.#made.has(folder)) return folder;
    await makeFolder(folder, this.#owner);
    await syncFolder(this.#folder);
    this.#made.add(folder);
    return folder;
  }
}

/** The name of the file of an object. */
export const fileName = (key: string): string => createHash('sha256').update(key).digest('hex').slice(0, 40);

/** A new name in a folder is safe only when the folder itself is synced. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeAll(file: FileHandle, chunks: AsyncIterable<Uint8Array>): Promise<number> {
  const buffer = new Uint8Array(writeBytes);
  let filled = 0;
  let size = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.byteLength; ) {
      const piece = chunk.subarray(at, at + writeBytes - filled);
      buffer.set(piece, filled);
      filled += piece.byteLength;
      at += piece.byteLength;
      if (filled < writeBytes) continue;
      await writeExactly(file, buffer);
      filled = 0;
    }
    size += chunk.byteLength;
  }
  await writeExactly(file, buffer.subarray(0, filled));
  return size;
}

async function writeExactly(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength; ) at += (await file.write(bytes, at)).bytesWritten;
}

function readExactly(file: number, position: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const read = readSync(file, bytes, at, length - at, position + at);
    if (read === 0) throw new Error('a blob file is shorter than its row says');
    at += read;
  }
  return bytes;
}
