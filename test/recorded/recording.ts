import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { AccountId, BlobKey, LogPosition } from '../../shared/ids.ts';
import type { Head } from '../../shared/ports/account-log.ts';
import { MemoryBlobs, MemoryLog } from '../support/memory-store.ts';
import type { Kept, Told } from './digests.ts';

/** A log as a release wrote it, with what it kept beside it, and what that release made of both. */
export interface Recording {
  readonly release: string;
  readonly account: AccountId;
  /** Spill objects and pieces of the snapshots; messages are left out. */
  readonly objects: ReadonlyMap<BlobKey, Uint8Array>;
  readonly first: Epoch;
  /** What came of it when it had been rebuilt. */
  readonly rebuilt: Epoch | undefined;
}

export interface Epoch {
  /** Every entry there ever was; of an account that was rebuilt, those after that. */
  readonly entries: readonly Uint8Array[];
  /** A snapshot part of the way, where there is one; that of the rebuild. */
  readonly head: Head | undefined;
  /** After the last entry. */
  readonly told: Told;
  /** Of what the snapshot has. The first releases were not asked. */
  readonly kept: Kept | undefined;
}

/** Where a recording can be read from. */
export type Start = 'the beginning' | 'the snapshot' | 'the rebuild';

/** A store that holds a recording: its whole log, or a snapshot and the entries after it. */
export async function storeOf({ account, objects, first, rebuilt }: Recording, from: Start) {
  const log = new MemoryLog(() => 0);
  const blobs = new MemoryBlobs();
  for (const [key, bytes] of objects) await blobs.put(key, bytes);
  const { entries, head } = from === 'the rebuild' ? rebuilt! : first;
  if (from === 'the rebuild') await log.moveHead(account, { ...head!, last: 0 as LogPosition });
  const before = from === 'the rebuild' ? head!.position : 0;
  for (const [i, bytes] of entries.entries())
    await log.append({ account, position: (before + i + 1) as LogPosition, bytes, blobs: [], readAt: 0 });
  if (from === 'the snapshot' && head !== undefined) {
    await log.moveHead(account, head);
    await log.trim(account, head.position);
  }
  return { log, blobs };
}

/** As a file: a line for each object and entry, so that a difference can be seen. */
export function printRecording({ release, account, objects, first, rebuilt }: Recording): string {
  const about = ({ head, told, kept }: Epoch) => ({ head, ...told, kept });
  const lines = [
    { release, account, ...about(first), rebuilt: rebuilt && about(rebuilt) },
    ...Array.from(objects, ([object, bytes]) => ({ object, ...printBytes('bytes', bytes) })),
    ...first.entries.map((bytes) => printBytes('entry', bytes)),
    ...(rebuilt?.entries ?? []).map((bytes) => printBytes('rebuiltEntry', bytes)),
  ];
  return `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`;
}

/** In base64, packed where that makes it shorter; what the engine stores is mostly packed already. */
function printBytes(name: string, bytes: Uint8Array): object {
  const packed = zstdCompressSync(bytes);
  const base64 = (octets: Uint8Array) => Buffer.from(octets).toString('base64');
  if (packed.length < 0.9 * bytes.length) return { [name]: base64(packed), packed: 'zstd' };
  return { [name]: base64(bytes) };
}

export function readRecording(text: string): Recording {
  const [about, ...lines] = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const objects = new Map<BlobKey, Uint8Array>();
  const entries: Uint8Array[] = [];
  const later: Uint8Array[] = [];
  for (const { object, bytes, entry, rebuiltEntry, packed } of lines) {
    const octets = Buffer.from(bytes ?? entry ?? rebuiltEntry, 'base64');
    const stored = packed === 'zstd' ? zstdDecompressSync(octets) : octets;
    if (object !== undefined) objects.set(object, stored);
    else (entry !== undefined ? entries : later).push(stored);
  }
  const { release, account, rebuilt } = about;
  const epoch = ({ head, state, messages, kept }: typeof about, all: Uint8Array[]): Epoch => ({
    entries: all,
    head,
    told: { state, messages },
    kept,
  });
  return {
    release,
    account,
    objects,
    first: epoch(about, entries),
    rebuilt: rebuilt && epoch(rebuilt, later),
  };
}
