import { type LogPosition, objectKey } from '../ids.ts';
import type { BlobStore } from '../ports/blob-store.ts';
import type { Lease } from '../ports/leases.ts';
import type { Account } from './account.ts';
import { ClusterKeeper } from './clusters.ts';
import type { EngineParts } from './engine.ts';
import { settleMessages } from './header-segments.ts';
import { deletableObjects, due, foldedLifetime } from './replaced.ts';
import { encodeManifest, type Manifest, type PastHead, type ReplacedObject } from './snapshot.ts';
import { loadSnapshot, type Snapshot } from './snapshot-loader.ts';
import { neededObjects } from './snapshot-objects.ts';
import { storeIndex } from './store-index.ts';

/** What the log holds beyond the newest snapshot. */
export interface CompactionNeed {
  readonly entries: number;
  readonly bytes: number;
}

export const tailEntries = 64;
const tailBytes = 256 * 1024;
/** Folding rewrites the manifest: it waits until the tail is worth an eighth of it, so that the cost stays in proportion. */
const manifestShare = 8;
/** Two compactors do no harm, only work: the lease is comfort. */
const leaseTime = 120_000;

export function needsCompaction(
  { entries, bytes }: CompactionNeed,
  snapshot: Snapshot | undefined,
  times = 1,
): boolean {
  if (entries < times * tailEntries && bytes < times * tailBytes) return false;
  return (bytes + entries * 64) * manifestShare >= times * (snapshot?.manifestBytes ?? 0);
}

/**
 * Folds an account's log into a new snapshot: immutable objects first, then the head, forwards only. A crash anywhere leaves
 * garbage at the worst. Old entries and objects are deleted a day, or `replacedLifetime`, after they were replaced. 'whileNeeded': not where
 * another process has folded what made it needed here: each would fold the few entries since the other's snapshot.
 */
export async function compactAccount(
  account: Account,
  parts: EngineParts,
  when: 'always' | 'whileNeeded' = 'always',
): Promise<void> {
  const { leases, entropy } = parts;
  const acquiredAt = entropy.now();
  const holder = Buffer.from(entropy.bytes(8)).toString('hex');
  const lease = await leases.acquire(`compact/${account.id}`, holder, leaseTime);
  if (lease === undefined) return;
  try {
    await fold(account, { ...parts, blobs: renewingBlobs(lease, acquiredAt, parts) }, when);
  } finally {
    await leases.release(lease);
  }
}

/** The blobs as a fold has them: a lease is renewed behind an object where a third of its time has passed. Who has lost it goes on, nearer to the end. */
function renewingBlobs(
  lease: Lease,
  acquiredAt: number,
  { blobs, leases, entropy }: Pick<EngineParts, 'blobs' | 'leases' | 'entropy'>,
): BlobStore {
  let renewedAt = acquiredAt;
  return {
    get: (key, range) => blobs.get(key, range),
    delete: (keys) => blobs.delete(keys),
    list: (prefix, after) => blobs.list(prefix, after),
    put: async (key, body) => {
      const bytes = await blobs.put(key, body);
      if (entropy.now() - renewedAt > leaseTime / 3) {
        renewedAt = entropy.now();
        await leases.renew(lease, leaseTime).catch(() => false);
      }
      return bytes;
    },
  };
}

async function fold(account: Account, parts: EngineParts, when: 'always' | 'whileNeeded'): Promise<void> {
  const { blobs, entropy, log } = parts;
  await account.catchUp();
  await adoptNewestHead(account, parts);
  const { state, snapshot: base } = account;
  const { spilled } = account.tail;
  if (when === 'whileNeeded' && !needsCompaction(account.tail, base)) return;
  if (state.position === (base?.state.position ?? 0)) return;
  const now = entropy.now();
  const settled = await settleMessages(account, state, parts);
  const clusters = new ClusterKeeper(account.id, settled, state.flags, parts);
  const { stored, objects } = await storeIndex(account.id, state, base, parts, (...known) =>
    clusters.look(...known),
  );
  const messages = { ...settled, clusters: clusters.of(state) };
  const pastHeads: PastHead[] = [...(base?.pastHeads ?? [])];
  const replaced: ReplacedObject[] = [...(base?.replaced ?? [])];
  if (base !== undefined) {
    pastHeads.push({ position: base.state.position, replacedAt: now });
    const kept = new Set(neededObjects({ objects, messages }));
    for (const key of [base.manifest, ...neededObjects(base)])
      if (!kept.has(key)) replaced.push({ key, replacedAt: now });
  }
  // Nobody who begins at the new snapshot reads what its entries spilled.
  for (const key of spilled) replaced.push({ key, replacedAt: now });
  const trimmable = new Set(due(pastHeads, now, foldedLifetime));
  const deletable = new Set(deletableObjects(replaced, now, parts.replacedLifetime));
  const folded: Manifest = {
    state: stored,
    objects,
    messages,
    pastHeads: pastHeads.filter((h) => !trimmable.has(h)),
    replaced: replaced.filter((r) => !deletable.has(r)),
  };
  const bytes = await encodeManifest(folded);
  const manifest = objectKey(account.id, 'x', entropy);
  await blobs.put(manifest, bytes);
  // Another fold of the same base has ended: what this one was made of is no longer all there.
  if (account.snapshot !== base) return;
  if (!(await log.moveHead(account.id, { position: state.position, manifest }))) return;
  // What is in hand is what a reader of it gets: nothing is unpacked to see so.
  account.settled({ ...folded, manifest, manifestBytes: bytes.length });
  const upTo = [...trimmable].at(-1)?.position;
  if (upTo !== undefined) await log.trim(account.id, upTo as LogPosition);
  if (deletable.size > 0) await blobs.delete(Array.from(deletable, (r) => r.key));
}

/** The newest head may be another process's: its objects are what the next snapshot replaces. */
async function adoptNewestHead(account: Account, { log, blobs }: EngineParts): Promise<void> {
  const { head } = await log.read(account.id, account.state.position);
  if (head === undefined || head.manifest === account.snapshot?.manifest) return;
  if (head.position > account.state.position) await account.catchUp();
  else account.settled(await loadSnapshot(blobs, head.manifest));
}
