import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { rulesVersion } from '../../shared/engine/apply.ts';
import { collect } from '../../shared/engine/message-index.ts';
import { isManifestKey } from '../../shared/engine/snapshot-objects.ts';
import type { AccountLog, StoredEntry } from '../../shared/ports/account-log.ts';
import type { BlobStore } from '../../shared/ports/blob-store.ts';

/**
 * The release that a node runs. 'now' is this one; 'next' also understands entries and manifests of the rules version after it; 'later'
 * writes them. To the engine of a newer release such bytes are what ours are to ours, so its ports translate the version.
 */
export type Release = 'now' | 'next' | 'later';

const newerRules = rulesVersion + 1;
/** After the byte of the format, in entries and manifests alike. */
const versionAt = 1;

function versioned(bytes: Uint8Array, from: number, to: number): Uint8Array {
  if (bytes[versionAt] !== from) return bytes;
  const copy = Uint8Array.from(bytes);
  copy[versionAt] = to;
  return copy;
}

const written = (bytes: Uint8Array): Uint8Array => versioned(bytes, rulesVersion, newerRules);
const read = (bytes: Uint8Array): Uint8Array => versioned(bytes, newerRules, rulesVersion);
/** Whether a manifest was written by the newer release. */
export const isNewer = (manifest: Uint8Array): boolean =>
  zstdDecompressSync(manifest)[versionAt] === newerRules;

/** An entry as whoever understands every version reads it. */
export const understoodEntry = read;

const repacked = (bytes: Uint8Array, change: (bytes: Uint8Array) => Uint8Array): Uint8Array =>
  zstdCompressSync(change(zstdDecompressSync(bytes)));

export function logOfRelease(log: AccountLog, release: Release): AccountLog {
  if (release === 'now') return log;
  const understood = ({ position, bytes }: StoredEntry): StoredEntry => ({ position, bytes: read(bytes) });
  return {
    read: async (account, after) => {
      const tail = await log.read(account, after);
      return { ...tail, entries: tail.entries.map(understood) };
    },
    readEnd: async (account) => {
      const { head, last } = await log.readEnd(account);
      return { head, last: last && understood(last) };
    },
    append: async (request) => {
      const bytes = release === 'later' ? written(request.bytes) : request.bytes;
      const outcome = await log.append({ ...request, bytes });
      return outcome.kind === 'taken' && outcome.occupant !== undefined
        ? { kind: 'taken', occupant: read(outcome.occupant) }
        : outcome;
    },
    moveHead: (account, head) => log.moveHead(account, head),
    trim: (account, upTo) => log.trim(account, upTo),
    drop: (account) => log.drop(account),
  };
}

export function blobsOfRelease(blobs: BlobStore, release: Release): BlobStore {
  if (release === 'now') return blobs;
  return {
    put: async (key, body) =>
      release === 'later' && isManifestKey(key)
        ? blobs.put(key, repacked(await collect(body), written))
        : blobs.put(key, body),
    get: async (key, range) => {
      const blob = await blobs.get(key, range);
      if (blob === undefined || !isManifestKey(key)) return blob;
      const body = understoodObject(key, await collect(blob.body));
      return { size: body.length, body };
    },
    delete: (keys) => blobs.delete(keys),
    list: (prefix, after) => blobs.list(prefix, after),
  };
}

/** An object as whoever understands every version reads it. */
export const understoodObject = (key: string, bytes: Uint8Array): Uint8Array =>
  isManifestKey(key) ? repacked(bytes, read) : bytes;
