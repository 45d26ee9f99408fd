import { type AccountId, accountPrefix, type BlobKey, type LogPosition, messageKey } from '../ids.ts';
import type { AccountLog } from '../ports/account-log.ts';
import type { BlobStore } from '../ports/blob-store.ts';
import type { Account } from './account.ts';
import { referencedMessages } from './apply-departures.ts';
import type { EngineParts } from './engine.ts';
import { decodeEntry } from './entry.ts';
import { listBlobs } from './list-blobs.ts';
import { loadWhole } from './mailbox-loader.ts';
import { collect, ObjectGone } from './message-index.ts';
import { decodeManifest } from './snapshot.ts';
import { namedObjects, snapshotKinds } from './snapshot-objects.ts';

/** Younger objects are never swept, ms: a commit names only blobs put within a day, so that what is older is in use or garbage. */
export const orphanLifetime = 30 * 24 * 3600_000;

/** Candidates looked at together: what a sweep holds in memory. */
const candidatesAtOnce = 50_000;
const idsAtOnce = 2_000;

/** Candidates by key, with their sizes. */
type Candidates = Map<BlobKey, number>;

export interface Swept {
  readonly objects: number;
  readonly bytes: number;
}

type SweepParts = Pick<EngineParts, 'log' | 'blobs' | 'entropy' | 'sleep'>;

/**
 * Deletes an account's objects that are older than 30 days and that nothing refers to: attempts that failed, and what crashes left.
 * They are listed first and the state is read after that: what is referred to in between is younger, or in the state. In doubt
 * (something that should be there cannot be read) it throws and deletes nothing more.
 */
export async function sweepOrphans(account: Account, parts: SweepParts, stop?: AbortSignal): Promise<Swept> {
  const oldest = parts.entropy.now() - orphanLifetime;
  let objects = 0;
  let bytes = 0;
  for (const kind of ['m', 's', ...snapshotKinds]) {
    for await (const candidates of oldObjects(parts.blobs, account.id, kind, oldest)) {
      if (stop?.aborted) return { objects, bytes };
      await account.catchUp();
      if (kind === 'm') await keepMessages(candidates, account, parts, stop);
      else {
        if (kind === 's') await keepSpills(candidates, account, parts.log);
        // After the entries: what they spilled is named there once they are folded.
        await keepSnapshot(candidates, account, parts);
      }
      if (stop?.aborted) return { objects, bytes };
      if (candidates.size === 0) continue;
      await parts.blobs.delete([...candidates.keys()]);
      objects += candidates.size;
      for (const size of candidates.values()) bytes += size;
    }
  }
  return { objects, bytes };
}

async function* oldObjects(
  blobs: BlobStore,
  account: AccountId,
  kind: string,
  oldest: number,
): AsyncGenerator<Candidates> {
  let candidates: Candidates = new Map();
  for await (const { key, size, madeAt } of listBlobs(blobs, account, kind)) {
    if (!(madeAt < oldest)) break;
    candidates.set(key, size);
    if (candidates.size < candidatesAtOnce) continue;
    yield candidates;
    candidates = new Map();
  }
  if (candidates.size > 0) yield candidates;
}

async function keepMessages(
  candidates: Candidates,
  account: Account,
  { blobs, sleep }: SweepParts,
  stop: AbortSignal | undefined,
): Promise<void> {
  let numbers: number[] = [];
  const keep = async () => {
    for (const id of await account.emailIds(numbers)) candidates.delete(messageKey(account.id, id));
    numbers = [];
    await sleep(0);
  };
  for (const no of referencedMessages(await loadWhole(blobs, account.state))) {
    if (numbers.push(no) < idsAtOnce) continue;
    await keep();
    if (candidates.size === 0 || stop?.aborted) return;
  }
  await keep();
}

async function keepSpills(candidates: Candidates, account: Account, log: AccountLog): Promise<void> {
  let after = await firstReadable(account, log);
  for (;;) {
    const { head, entries, more } = await log.read(account.id, after);
    for (const { position, bytes } of entries) {
      const { body } = decodeEntry(position, bytes);
      if (body.kind === 'spill') candidates.delete(body.key);
      after = position;
    }
    if (more) continue;
    // After a rebuild the head is beyond all entries before it.
    if (head === undefined || after >= head.position) return;
    after = head.position;
  }
}

/** The lowest position that a reader may be at who is still given the entry after it: folded entries stay for a day or more. */
async function firstReadable(account: Account, log: AccountLog): Promise<LogPosition> {
  const { head } = await log.read(account.id, account.state.position);
  if (head === undefined) return 0 as LogPosition;
  let low = 1;
  let high: number = head.position;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const { entries } = await log.read(account.id, middle as LogPosition);
    if (entries[0]?.position === middle + 1) high = middle;
    else low = middle + 1;
  }
  return low as LogPosition;
}

async function keepSnapshot(
  candidates: Candidates,
  account: Account,
  { log, blobs }: SweepParts,
): Promise<void> {
  const keep = (keys: readonly BlobKey[]) => {
    for (const key of keys) candidates.delete(key);
  };
  // What the next compaction of this process would build on.
  if (account.snapshot !== undefined) keep([account.snapshot.manifest, ...namedObjects(account.snapshot)]);
  const { head } = await log.read(account.id, account.state.position);
  if (head === undefined) return;
  const blob = await blobs.get(head.manifest);
  if (blob === undefined) throw new ObjectGone(head.manifest);
  keep([head.manifest, ...namedObjects(decodeManifest(await collect(blob.body)))]);
}

/**
 * Deletes all that an account had which the directory no longer knows: its objects, and then its log, so that a crash in between
 * is taken up again. What a session that was still open put meanwhile goes with the second look; its appends fail.
 */
export async function collectRemovedAccount(
  account: AccountId,
  { log, blobs }: Pick<EngineParts, 'log' | 'blobs'>,
  stop?: AbortSignal,
): Promise<Swept & { readonly done: boolean }> {
  let objects = 0;
  let bytes = 0;
  const deleteAll = async (): Promise<boolean> => {
    for (;;) {
      if (stop?.aborted) return false;
      const page = await blobs.list(accountPrefix(account));
      if (page.length === 0) return true;
      await blobs.delete(page.map(({ key }) => key));
      objects += page.length;
      for (const { size } of page) bytes += size;
    }
  };
  if (!(await deleteAll())) return { objects, bytes, done: false };
  await log.drop(account);
  await deleteAll();
  return { objects, bytes, done: true };
}
