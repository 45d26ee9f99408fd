import { floorAfter } from '../../../shared/directory/uid-validity-floor.ts';
import { NewerRules } from '../../../shared/engine/apply.ts';
import type { EngineParts } from '../../../shared/engine/engine.ts';
import { type MailError, unavailable } from '../../../shared/engine/mail-error.ts';
import { initialiseAccount } from '../../../shared/engine/mailbox-actions.ts';
import { encodeManifest } from '../../../shared/engine/snapshot.ts';
import { loadSnapshot, type Snapshot } from '../../../shared/engine/snapshot-loader.ts';
import { type AccountId, type LogPosition, objectKey } from '../../../shared/ids.ts';
import { type BlobStore, StoreUnavailable } from '../../../shared/ports/blob-store.ts';
import type { Lease } from '../../../shared/ports/leases.ts';
import { err, ok, type Result } from '../../../shared/result.ts';
import type { Finding } from '../verify/findings.ts';
import { AsideBlobs } from './aside-blobs.ts';
import { type Base, findBase, lastUsed } from './find-base.ts';
import { inNewEpoch } from './new-epoch.ts';
import { NotedFaults } from './noted-faults.ts';
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
  readonly recovered: Recovered;
  /** Messages of the account, those recovered left out, and what is wrong with them. */
  readonly messages: number;
  readonly findings: readonly Finding[];
  /** Messages that were taken out of their mailboxes because nothing but their bytes is left: they are among those recovered. */
  readonly dropped: number;
  /** Newer snapshots that could not be used. */
  readonly unusable: readonly string[];
}

/** `busy`: others wrote to it whenever it was prepared; nothing has changed. */
export type RebuildError =
  | MailError
  | { readonly kind: 'inUse'; readonly lease: string }
  | { readonly kind: 'busy' };

/** Positions left free after the last one used: an epoch's are told from those before it at sight. */
const margin = 1_000;
const leaseTime = 30 * 60_000;

/**
 * Makes an account anew from what can be read of it: a snapshot, the entries that follow it without a gap, and younger messages
 * in the store. All is prepared aside; one move of the head makes it the account, or nothing has happened: what others acknowledge meanwhile is in it. Its id stays, UIDVALIDITY and mod-sequences
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
    // Nothing has changed: another release knows what it means, or another time the store answers.
    if (cause instanceof NewerRules || cause instanceof StoreUnavailable) return err(unavailable(cause));
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

/** Others may write meanwhile: then it is prepared anew, so often, after a pause that doubles up to the longest, ms. */
const preparations = 10;
const firstPause = 100;
const longestPause = 5_000;

async function rebuild(
  id: AccountId,
  parts: EngineParts,
  task: RebuildTask,
): Promise<Result<RebuildReport, RebuildError>> {
  for (let n = 0; n < preparations; n++) {
    if (n > 0) await parts.sleep(Math.min(longestPause, firstPause * 2 ** n));
    const faults = new NotedFaults();
    const aside = new AsideBlobs(parts.blobs, faults);
    const prepared = await prepare(id, { ...parts, log: faults.log(parts.log), blobs: aside }, task.mailbox);
    faults.throwAny();
    if (!prepared.ok) return prepared;
    const { base, report } = prepared.value;
    if (task.mode === 'try') return ok(report);
    if ((await lastUsed(parts.log, id)) > report.lastUsed) continue;
    const folded = await foldedIn(base, aside);
    if (await becomeTheAccount(id, parts, folded, report.lastUsed, task.uidValidityFloor)) return ok(report);
  }
  return err({ kind: 'busy' });
}

/** The account as it could be read, and the messages that are in the store. */
async function prepare(
  id: AccountId,
  parts: EngineParts,
  mailbox: string,
): Promise<Result<{ readonly base: Base; readonly report: RebuildReport }, MailError>> {
  const last = await lastUsed(parts.log, id);
  const base = await findBase(id, parts, last);
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
  const report = {
    snapshotAt: base.snapshotAt,
    entries: base.entries,
    upTo: position,
    upToTime: time,
    lastUsed: last,
    recovered: recovered.value,
    messages: base.counts.messages,
    findings: base.findings,
    dropped: base.dropped,
    unusable: base.unusable,
  };
  return ok({ base, report });
}

/** The snapshot of what was prepared. */
async function foldedIn({ account, log }: Base, blobs: BlobStore): Promise<Snapshot> {
  await account.compact();
  if (log.head === undefined) throw new Error(`nothing was folded of account ${account.id}`);
  return loadSnapshot(blobs, log.head.manifest);
}

/** False where others have written since `last`: nothing has changed then. */
async function becomeTheAccount(
  id: AccountId,
  { log, blobs, entropy, notifier }: EngineParts,
  folded: Snapshot,
  last: number,
  uidValidityFloor: number,
): Promise<boolean> {
  const position = (Math.max(last, folded.state.position) + margin) as LogPosition;
  const now = entropy.now();
  const above = uidValidityFloor === 0 ? 0 : floorAfter(uidValidityFloor, now);
  const epoch = { position, now, uidValidityFloor: above, lastUsed: last };
  const manifest = objectKey(id, 'r', entropy);
  await blobs.put(manifest, await encodeManifest(inNewEpoch(folded, epoch)));
  if (!(await log.moveHead(id, { position, manifest, last: last as LogPosition }))) return false;
  notifier.announce(id, position);
  return true;
}
