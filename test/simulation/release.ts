import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { decodeEntry, encodeEntry } from '../../shared/engine/entry.ts';
import { collect } from '../../shared/engine/message-index.ts';
import type { Operation } from '../../shared/engine/operation.ts';
import { decodeOperations, encodeOperations } from '../../shared/engine/operation-codec.ts';
import { rulesUnderstood } from '../../shared/engine/rules.ts';
import { isManifestKey } from '../../shared/engine/snapshot-objects.ts';
import type { LogPosition } from '../../shared/ids.ts';
import type { AccountLog, StoredEntry } from '../../shared/ports/account-log.ts';
import type { BlobStore } from '../../shared/ports/blob-store.ts';

/**
 * The release that a node runs. 'now' is this one; 'next' also understands entries and manifests of the rules version after it; 'later'
 * writes them. They mean something else than ours with the same bytes: in its entries the codes of +FLAGS and -FLAGS are each other's, in
 * its manifests the account's bytes and messages have changed places. To the engine of a newer release they are what ours are to ours, so
 * its ports translate them. Who guesses what they mean, instead of refusing them, is wrong.
 */
export type Release = 'now' | 'next' | 'later';

const newerRules = rulesUnderstood + 1;
/** After the byte of the format, in entries and manifests alike. */
const versionAt = 1;

/** A change of bytes that is its own inverse: what they are to the other release. */
type Translate = (bytes: Uint8Array) => Uint8Array;

function versioned(bytes: Uint8Array, from: number, to: number): Uint8Array {
  if (bytes[versionAt] !== from) return bytes;
  const copy = Uint8Array.from(bytes);
  copy[versionAt] = to;
  return copy;
}

const asOurs: Translate = (bytes) => versioned(bytes, newerRules, rulesUnderstood);
const asNewer: Translate = (bytes) => versioned(bytes, rulesUnderstood, newerRules);
const written =
  (translate: Translate): Translate =>
  (bytes) =>
    bytes[versionAt] === rulesUnderstood ? asNewer(translate(bytes)) : bytes;
const read =
  (translate: Translate): Translate =>
  (bytes) =>
    bytes[versionAt] === newerRules ? translate(asOurs(bytes)) : bytes;

const turned = (operation: Operation): Operation =>
  operation.kind !== 'flags' || operation.mode === 'replace'
    ? operation
    : { ...operation, mode: operation.mode === 'add' ? 'remove' : 'add' };

/** What is spilled has no version of its own: the same in all releases. */
const translateEntry: Translate = (bytes) => {
  const entry = decodeEntry(0 as LogPosition, bytes);
  if (entry.body.kind === 'spill') return bytes;
  const operations = decodeOperations(entry.body.bytes);
  if (!operations.some(({ kind }) => kind === 'flags')) return bytes;
  const body = { kind: 'inline', bytes: encodeOperations(operations.map(turned)) } as const;
  return encodeEntry({ ...entry, body });
};

/** Numbers of a manifest before its usage: position, time, base of mod-sequences, next message, next mailbox, last UIDVALIDITY. */
const numbersBeforeUsage = 6;

const translateManifest: Translate = (bytes) => {
  const after = (start: number): number => {
    let at = start;
    while (bytes[at]! >= 128) at++;
    return at + 1;
  };
  let first = versionAt + 1;
  for (let n = 0; n < numbersBeforeUsage; n++) first = after(first);
  const second = after(first);
  const end = after(second);
  const copy = Uint8Array.from(bytes);
  copy.set(bytes.subarray(second, end), first);
  copy.set(bytes.subarray(first, second), first + end - second);
  return copy;
};

/** An entry as a node of release 'later' writes it, and as whoever understands every version reads it. */
export const newerEntry = written(translateEntry);
export const understoodEntry = read(translateEntry);
export const isNewerEntry = (entry: Uint8Array): boolean => entry[versionAt] === newerRules;

const repacked = (bytes: Uint8Array, change: Translate): Uint8Array =>
  zstdCompressSync(change(zstdDecompressSync(bytes)));
const newerManifest = (bytes: Uint8Array): Uint8Array => repacked(bytes, written(translateManifest));

/** Whether a manifest was written by the newer release. */
export const isNewer = (manifest: Uint8Array): boolean =>
  zstdDecompressSync(manifest)[versionAt] === newerRules;

/** An object as whoever understands every version reads it. */
export const understoodObject = (key: string, bytes: Uint8Array): Uint8Array =>
  isManifestKey(key) ? repacked(bytes, read(translateManifest)) : bytes;

/** Bytes of the newer release, taken for ours. */
export const guessedEntry = asOurs;
export const guessedObject = (key: string, bytes: Uint8Array): Uint8Array =>
  isManifestKey(key) ? repacked(bytes, asOurs) : bytes;

export function logOfRelease(log: AccountLog, release: Release): AccountLog {
  if (release === 'now') return log;
  return readingLog(log, understoodEntry, release === 'later' ? newerEntry : (bytes) => bytes);
}

/** A log whose entries are other ones to who reads it, and to who writes it. */
export function readingLog(log: AccountLog, take: Translate, give: Translate): AccountLog {
  const taken = ({ position, bytes }: StoredEntry): StoredEntry => ({ position, bytes: take(bytes) });
  return {
    read: async (account, after) => {
      const tail = await log.read(account, after);
      return { ...tail, entries: tail.entries.map(taken) };
    },
    readEnd: async (account) => {
      const { head, last } = await log.readEnd(account);
      return { head, last: last && taken(last) };
    },
    append: async (request) => {
      const outcome = await log.append({ ...request, bytes: give(request.bytes) });
      return outcome.kind === 'taken' && outcome.occupant !== undefined
        ? { kind: 'taken', occupant: take(outcome.occupant) }
        : outcome;
    },
    moveHead: (account, head) => log.moveHead(account, head),
    trim: (account, upTo) => log.trim(account, upTo),
    drop: (account) => log.drop(account),
  };
}

export function blobsOfRelease(blobs: BlobStore, release: Release): BlobStore {
  if (release === 'now') return blobs;
  return readingBlobs(blobs, understoodObject, release === 'later' ? newerManifest : (bytes) => bytes);
}

/** The same of objects; of those that are put, only manifests are other ones. */
export function readingBlobs(
  blobs: BlobStore,
  take: (key: string, bytes: Uint8Array) => Uint8Array,
  give: Translate,
): BlobStore {
  return {
    put: async (key, body) => blobs.put(key, isManifestKey(key) ? give(await collect(body)) : body),
    get: async (key, range) => {
      const blob = await blobs.get(key, range);
      if (blob === undefined || !isManifestKey(key)) return blob;
      const body = take(key, await collect(blob.body));
      return { size: body.length, body };
    },
    delete: (keys) => blobs.delete(keys),
    list: (prefix, after) => blobs.list(prefix, after),
  };
}
