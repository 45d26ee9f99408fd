import { floorAfter } from '../../../shared/directory/uid-validity-floor.ts';
import { NewerRules } from '../../../shared/engine/apply.ts';
import type { EngineParts } from '../../../shared/engine/engine.ts';
import { type MailError, unavailable } from '../../../shared/engine/mail-error.ts';
import { initialiseAccount } from '../../../shared/engine/mailbox-actions.ts';
import { encodeManifest } from '../../../shared/engine/snapshot.ts';
import { loadSnapshot, type Snapshot } from '../../../shared/engine/snapshot-loader.ts';
import { type AccountId, type LogPosition, objectKey } from '../../../shared/ids.ts';
import type { BlobStore } from '../../../shared/ports/blob-store.ts';
import type { Lease } from '../../../shared/ports/leases.ts';
import { err, ok, type Result } from '../../../shared/result.ts';
import type { Finding } from '../verify/findings.ts';
import { AsideBlobs } from './aside-blobs.ts';
import { type Base, findBase, lastUsed } from './find-base.ts';
import { inNewEpoch } from './new-epoch.ts';
import { type Recovered, recoverBlobs, stagedBefore } from './recover-blobs.ts';

export interface RebuildTask {
  /** Where messages go whose entry is lost. */
  readonly mailbox: string;
  /** 'try' finds out what would be done, and changes nothing that anybody sees. */
  readonly mode: 'do' | 'try';
  /** 'ignored' goes ahead while others hold the account's leases. */
  readonly leases: 'respected' | 'ignored';
  /** What the directory keeps for the address (Directory.uidValidityFloor): it counts where nothing of the log is left. */
  readonly uidValidityFloor: number;
}

export interface RebuildReport {
  /** The snapshot that it starts from, 0 for none, and how many entries after that were applied. */
  readonly snapshotAt: number;
  readonly entries: number;
  /** The last entry that could be applied, and its time (ms since 1970). */
  readonly upTo: number;
  readonly upToTime: number;
  /** The last position ever used: what entries beyond `upTo` said is lost, but for the messages. */
  readonly lastUsed: number;
  /** Entries that others wrote in the moment in which the head moved: they are lost as well. */
  readonly overtaken: number;
  readonly recovered: Recovered;
  /** Messages of the account, those recovered left out, and what is wrong with them. */
  readonly messages: number;
  readonly findings: readonly Finding[];
  /** Messages that were taken out of their mailboxes because nothing but their bytes is left: they are among those recovered. */
  readonly dropped: number;
  /** Newer snapshots that could not be used. */
  readonly unusable: readonly string[];
}

export type RebuildError = MailError | { readonly kind: 'inUse'; readonly lease: string };

/** Positions left free after the last one known to be used: for who writes while this goes on. */
const margin = 1_000;
const leaseTime = 30 * 60_000;

/**
 * Makes an account anew from what can be read of it: a snapshot, the entries that follow it without a gap, and younger messages
 * in the store. All is prepared aside; one move of the head makes it the account. Its id stays, UIDVALIDITY and mod-sequences
 * begin an epoch.
 */
export async function rebuildAccount(
  id: AccountId,
  parts: EngineParts,
  task: RebuildTask,
): Promise<Result<RebuildReport, RebuildError>> {
  const held = await takeLeases(id, parts, task);
  if (!held.ok) return held;
  try {
    return await rebuild(id, parts, task);
  } catch (cause) {
    if (cause instanceof NewerRules) return err(unavailable(cause));
    throw cause;
  } finally {
    for (const lease of held.value) await parts.leases.release(lease);
  }
}

/** Of whoever folds the log, and of a POP3 session. */
async function takeLeases(
  id: AccountId,
  { leases, entropy }: EngineParts,
  task: RebuildTask,
): Promise<Result<readonly Lease[], RebuildError>> {
  const held: Lease[] = [];
  const holder = Buffer.from(entropy.bytes(8)).toString('hex');
  if (task.mode === 'try') return ok(held);
  for (const name of [`compact/${id}`, `pop3/${id}`]) {
    const lease = await leases.acquire(name, holder, leaseTime);
    if (lease !== undefined) held.push(lease);
    else if (task.leases === 'respected') {
      for (const other of held) await leases.release(other);
      return err({ kind: 'inUse', lease: name });
    }
  }
  return ok(held);
}

/** Others may write meanwhile: then it is prepared anew, so often. */
const preparations = 5;

async function rebuild(
  id: AccountId,
  parts: EngineParts,
  { mailbox, mode, uidValidityFloor }: RebuildTask,
  preparation = 1,
): Promise<Result<RebuildReport, RebuildError>> {
  const last = await lastUsed(parts.log, id);
  const aside = new AsideBlobs(parts.blobs);
  const base = await findBase(id, { ...parts, blobs: aside }, last);
  const { account } = base;
  const position = base.snapshotAt + base.entries;
  const { time } = account.state;
  // Where something of the account itself is unreadable, it cannot be told which objects it does not refer to.
  const whole =
    position > 0 && base.dropped === 0 && !base.findings.some(({ checked }) => checked === 'record');
  const initialised = await account.commit(initialiseAccount(undefined));
  if (!initialised.ok) return initialised;
  const recovered = await recoverBlobs(account, parts, mailbox, whole ? time - stagedBefore : 0);
  if (!recovered.ok) return recovered;
  await account.settle();
  if (mode === 'do' && preparation < preparations && (await lastUsed(parts.log, id)) > last)
    return rebuild(id, parts, { mailbox, mode, leases: 'ignored', uidValidityFloor }, preparation + 1);
  const overtaken =
    mode === 'do'
      ? await becomeTheAccount(id, parts, await foldedIn(base, aside), last, uidValidityFloor)
      : 0;
  return ok({
    snapshotAt: base.snapshotAt,
    entries: base.entries,
    upTo: position,
    upToTime: time,
    lastUsed: last,
    overtaken,
    recovered: recovered.value,
    messages: base.counts.messages,
    findings: base.findings,
    dropped: base.dropped,
    unusable: base.unusable,
  });
}

/** The snapshot of what was prepared. */
async function foldedIn({ account, log }: Base, blobs: BlobStore): Promise<Snapshot> {
  await account.compact();
  if (log.head === undefined) throw new Error(`nothing was folded of account ${account.id}`);
  return loadSnapshot(blobs, log.head.manifest);
}

/** Resolves to the number of entries that others wrote meanwhile. */
async function becomeTheAccount(
  id: AccountId,
  parts: EngineParts,
  folded: Snapshot,
  last: number,
  uidValidityFloor: number,
): Promise<number> {
  const { log, blobs, entropy } = parts;
  const position = (Math.max(last, folded.state.position) + margin) as LogPosition;
  const now = entropy.now();
  const above = uidValidityFloor === 0 ? 0 : floorAfter(uidValidityFloor, now);
  const epoch = { position, now, uidValidityFloor: above, lastUsed: last };
  const manifest = objectKey(id, 'r', entropy);
  await blobs.put(manifest, encodeManifest(inNewEpoch(folded, epoch)));
  if (!(await log.moveHead(id, { position, manifest })))
    throw new Error(`the log of ${id} grew by more than ${margin} entries meanwhile`);
  parts.notifier.announce(id, position);
  // Everything up to the head is used: an append tells what stands there, and changes nothing.
  for (let overtaken = 0; ; overtaken++) {
    const at = (last + 1 + overtaken) as LogPosition;
    const there = await log.append({
      account: id,
      position: at,
      bytes: new Uint8Array(),
      blobs: [],
      readAt: entropy.now(),
    });
    if (there.kind !== 'taken') throw new Error(`position ${at} of ${id} is free below the head ${position}`);
    if (there.occupant === undefined) return overtaken;
  }
}
