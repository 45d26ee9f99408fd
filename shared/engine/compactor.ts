import { type BlobKey, type EmailId, type LogPosition, objectKey } from '../ids.ts';
import type { Account } from './account.ts';
import { referencedMessages } from './apply-messages.ts';
import type { EngineParts } from './engine.ts';
import { encodeIds, encodeSegment, type SettledMessages } from './segment.ts';
import { encodeIndexGently, encodeManifest, type PastHead, type ReplacedObject } from './snapshot.ts';
import { loadSnapshot, type Snapshot } from './snapshot-loader.ts';
import type { AccountState } from './state.ts';

/** What the log holds beyond the newest snapshot. */
export interface CompactionNeed {
  readonly entries: number;
  readonly bytes: number;
}

const tailEntries = 64;
const tailBytes = 256 * 1024;
/** Folding rewrites the index: it waits until the tail is worth an eighth of it, so that the cost stays in proportion. */
const indexShare = 8;
/** Entries that are folded stay this long before they are trimmed, ms. */
const foldedLifetime = 24 * 3600_000;
/** Two compactors do no harm, only work: the lease is comfort. */
const leaseTime = 120_000;
/** Segments are joined until they are this large. */
const segmentTarget = 8 * 1024 * 1024;

export function needsCompaction(tail: CompactionNeed, snapshot: Snapshot | undefined): boolean {
  if (tail.entries < tailEntries && tail.bytes < tailBytes) return false;
  return (tail.bytes + tail.entries * 64) * indexShare >= (snapshot?.indexBytes ?? 0);
}

/**
 * Folds an account's log into a new snapshot: immutable objects first, then the head, forwards only. A crash anywhere leaves
 * garbage at the worst. Old entries and objects are deleted a day, or `replacedLifetime`, after they were replaced.
 */
export async function compactAccount(account: Account, parts: EngineParts): Promise<void> {
  const lease = await parts.leases.acquire(
    `compact/${account.id}`,
    Buffer.from(parts.entropy.bytes(8)).toString('hex'),
    leaseTime,
  );
  if (lease === undefined) return;
  try {
    await fold(account, parts);
  } finally {
    await parts.leases.release(lease);
  }
}

async function fold(account: Account, parts: EngineParts): Promise<void> {
  const { blobs, entropy, log } = parts;
  await account.catchUp();
  await adoptNewestHead(account, parts);
  const { state, snapshot: base } = account;
  if (state.position === (base?.state.position ?? 0)) return;
  const now = entropy.now();
  const put = async (kind: string, bytes: Uint8Array): Promise<BlobKey> => {
    const key = objectKey(account.id, kind, entropy);
    await blobs.put(key, bytes);
    return key;
  };
  const messages = await settleMessages(account, state, parts);
  const indexBytes = await encodeIndexGently(state);
  const index = await put('i', indexBytes);
  const pastHeads: PastHead[] = [...(base?.pastHeads ?? [])];
  const replaced: ReplacedObject[] = [...(base?.replaced ?? [])];
  if (base !== undefined) {
    pastHeads.push({ position: base.state.position, replacedAt: now });
    const kept = new Set(messages.segments.map((s) => s.key));
    const gone = [base.manifest, base.index, base.messages.ids, ...base.messages.segments.map((s) => s.key)];
    for (const key of gone) if (key !== undefined && !kept.has(key)) replaced.push({ key, replacedAt: now });
  }
  const due = <T extends { replacedAt: number }>(items: readonly T[], lifetime: number) =>
    items.filter((item) => item.replacedAt <= now - lifetime);
  const trimmable = due(pastHeads, foldedLifetime);
  const deletable = due(replaced, parts.replacedLifetime);
  const content = {
    state,
    index,
    messages,
    pastHeads: pastHeads.filter((h) => !trimmable.includes(h)),
    replaced: replaced.filter((r) => !deletable.includes(r)),
  };
  const manifest = await put('x', encodeManifest(content));
  if (!(await log.moveHead(account.id, { position: state.position, manifest }))) return;
  account.settled({ ...content, manifest, indexBytes: indexBytes.length });
  const upTo = trimmable.at(-1)?.position;
  if (upTo !== undefined) await log.trim(account.id, upTo as LogPosition);
  if (deletable.length > 0) await blobs.delete(deletable.map((r) => r.key));
}

/** The newest head may be another process's: its objects are what the next snapshot replaces. */
async function adoptNewestHead(account: Account, { log, blobs }: EngineParts): Promise<void> {
  const { head } = await log.read(account.id, account.state.position);
  if (head === undefined || head.manifest === account.snapshot?.manifest) return;
  if (head.position > account.state.position) await account.catchUp();
  else account.settled(await loadSnapshot(blobs, head.manifest));
}

/** Moves header records from the tail to segments. Small segments at the end are joined: each record is rewritten few times. */
async function settleMessages(
  account: Account,
  state: AccountState,
  parts: EngineParts,
): Promise<SettledMessages> {
  const { settled } = account.messages;
  const count = state.nextMessage - 1;
  if (settled.count === count) return settled;
  const needed = new Uint8Array(count + 1);
  for (const no of referencedMessages(state)) needed[no] = 1;
  const segments = settled.segments.slice();
  let first = settled.count + 1;
  let bytes = 0;
  for (let no = first; no <= count; no++) bytes += account.messages.tail.get(no)?.record.length ?? 0;
  for (let last = segments.at(-1); last !== undefined; last = segments.at(-1)) {
    if (last.bytes > 2 * bytes || last.bytes + bytes > segmentTarget) break;
    segments.pop();
    first = last.first;
    bytes += last.bytes;
  }
  // In slices, so that an import of many messages does not hold them all at once.
  for (let from = first; from <= count; from += sliceMessages) {
    const to = Math.min(count, from + sliceMessages - 1);
    const wanted: number[] = [];
    for (let no = from; no <= to; no++) if (needed[no] === 1) wanted.push(no);
    const found = await account.messages.encodedRecords(wanted);
    const records = new Array<Uint8Array>(to - from + 1).fill(noRecord);
    wanted.forEach((no, i) => {
      records[no - from] = found[i]!;
    });
    const key = objectKey(account.id, 'h', parts.entropy);
    const { ref, bytes: object } = await encodeSegment(key, from, records);
    await parts.blobs.put(key, object);
    segments.push(ref);
  }
  const all: number[] = [];
  for (let no = 1; no <= count; no++) if (needed[no] === 1) all.push(no);
  const emailIds = await account.messages.emailIds(all);
  const ids = new Map<number, EmailId>(all.map((no, i) => [no, emailIds[i]!]));
  const idsKey = objectKey(account.id, 'e', parts.entropy);
  await parts.blobs.put(idsKey, encodeIds(ids));
  return { count, ids: idsKey, segments };
}

const sliceMessages = 2000;
const noRecord = new Uint8Array();
