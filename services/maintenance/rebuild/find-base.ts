import { Account } from '../../../shared/engine/account.ts';
import { NewerRules } from '../../../shared/engine/apply.ts';
import type { EngineParts } from '../../../shared/engine/engine.ts';
import { readEntry } from '../../../shared/engine/entry-reader.ts';
import { loadSnapshot } from '../../../shared/engine/snapshot-loader.ts';
import { newestManifests } from '../../../shared/engine/snapshot-objects.ts';
import { type AccountId, kindOfKey, type LogPosition } from '../../../shared/ids.ts';
import type { AccountLog, Head, StoredEntry } from '../../../shared/ports/account-log.ts';
import { checkMessages, type MessageCounts } from '../verify/check-messages.ts';
import { because, type Finding, Findings } from '../verify/findings.ts';
import { dropLost, withoutBrokenSegments } from './drop-broken.ts';
import { RepairLog } from './repair-log.ts';

/** What a rebuild starts from. */
export interface Base {
  /** The account as it could be read, over `log`: changes to it go nowhere else. */
  readonly account: Account;
  readonly log: RepairLog;
  /** The snapshot's position, 0 for none, and how many entries follow it without a gap. */
  readonly snapshotAt: number;
  readonly entries: number;
  readonly counts: MessageCounts;
  /** Messages taken out of their mailboxes, since neither their headers nor their ids can be read: their bytes may be in the store. */
  readonly dropped: number;
  /** What is wrong with the messages that it refers to. */
  readonly findings: readonly Finding[];
  /** Newer snapshots that could not be used, with the reason. */
  readonly unusable: readonly string[];
}

/** The highest position that was ever used in the real log, as far as can be seen. */
export async function lastUsed(log: AccountLog, account: AccountId): Promise<number> {
  let last = 0;
  for (;;) {
    const { head, entries, more } = await log.read(account, last as LogPosition);
    last = Math.max(last, head?.position ?? 0, entries.at(-1)?.position ?? 0);
    if (!more) return last;
  }
}

/** Snapshots are tried from the newest on, at most this many. */
const mostManifests = 50;

/**
 * The newest snapshot all of whose pieces can be read, else the one with the least that cannot, of those that lead as far; none: the log from its beginning.
 * `last`: the highest position ever used. `parts.blobs` takes what is put while it is looked for.
 */
export async function findBase(id: AccountId, parts: EngineParts, last: number): Promise<Base> {
  const { head } = await parts.log.read(id, 0 as LogPosition);
  // The one in use first: of the others some may be of compactions that came to nothing.
  const others = await newestManifests(parts.blobs, id, mostManifests);
  const manifests =
    head === undefined ? others : [head.manifest, ...others.filter((key) => key !== head.manifest)];
  const unusable: string[] = [];
  let best: Base | undefined;
  for (const manifest of manifests) {
    try {
      const { state } = await loadSnapshot(parts.blobs, manifest);
      const snapshot = { position: state.position, manifest };
      if (manifest !== head?.manifest && !(await isOfTheLog(id, parts.log, snapshot, last))) {
        unusable.push(`the snapshot at ${state.position} (the log was never there)`);
        continue;
      }
      const base = await baseOn(id, parts, snapshot, unusable);
      // An older one never leads further than a newer one: with it all is lost that was done in between, and trimmed.
      if (best !== undefined && endOf(base) < endOf(best)) break;
      const broken = recordsMissing(base);
      if (best === undefined || broken < recordsMissing(best)) best = base;
      if (broken === 0) return best;
      unusable.push(`the snapshot at ${state.position} (${broken} header records cannot be read)`);
    } catch (cause) {
      if (cause instanceof NewerRules) throw cause;
      unusable.push(`${manifest}: ${because(cause)}`);
    }
  }
  if (best === undefined) return baseOn(id, parts, undefined, unusable);
  return (await mended(id, parts, best, unusable)) ?? best;
}

/**
 * Whether the log may have been what a snapshot says. It was not, beyond its last position: that is of a rebuild that died before the head moved, or
 * of later than the time that a table was restored to. Nor where an entry stands at the position that a rebuild made it for: nobody can
 * write one where the head has been moved to. Without a log (`last` is 0) nothing speaks against it.
 */
async function isOfTheLog(
  id: AccountId,
  log: AccountLog,
  { position, manifest }: Head,
  last: number,
): Promise<boolean> {
  if (last === 0) return true;
  if (position > last) return false;
  if (kindOfKey(manifest) !== 'r') return true;
  const { entries } = await log.read(id, (position - 1) as LogPosition);
  return entries[0]?.position !== position;
}

/** The same base without the messages of which header and id are lost; undefined where that is not what is wrong. */
async function mended(
  id: AccountId,
  parts: EngineParts,
  { log: { head } }: Base,
  unusable: readonly string[],
): Promise<Base | undefined> {
  if (head === undefined) return undefined;
  const without = await withoutBrokenSegments(id, parts, head.manifest);
  if (without === undefined) return undefined;
  const base = await baseOn(id, parts, { position: head.position, manifest: without.manifest }, unusable);
  const dropped = await dropLost(base.account, without.lost);
  const findings = new Findings();
  const counts = await checkMessages(base.account, parts, 'shallow', findings);
  return { ...base, counts, dropped, findings: findings.told };
}

/** The last entry that it knows. */
const endOf = ({ snapshotAt, entries }: Base): number => snapshotAt + entries;

const recordsMissing = ({ findings }: Base): number =>
  findings.filter(({ checked }) => checked === 'record').length;

async function baseOn(
  id: AccountId,
  parts: EngineParts,
  head: Head | undefined,
  unusable: readonly string[],
): Promise<Base> {
  const entries = await entriesAfter(id, parts, (head?.position ?? 0) as LogPosition);
  const log = new RepairLog(head, entries);
  // A clock that was far ahead when something was written does not keep the account from being made anew.
  let latest = 0;
  const entropy = {
    now: () => Math.max(parts.entropy.now(), latest),
    bytes: (count: number) => parts.entropy.bytes(count),
  };
  const account = new Account(id, {
    ...parts,
    entropy,
    log,
    leases: {
      acquire: async (name, holder) => ({ name, holder }),
      renew: async () => true,
      release: async () => {},
    },
    notifier: { announce: () => {}, watch: () => () => {} },
  });
  await account.catchUp();
  latest = account.state.time;
  const findings = new Findings();
  const counts = await checkMessages(account, parts, 'shallow', findings);
  const snapshotAt = head?.position ?? 0;
  return {
    account,
    log,
    snapshotAt,
    entries: entries.length,
    counts,
    dropped: 0,
    findings: findings.told,
    unusable,
  };
}

/** The entries that follow a position without a gap and can be read, spilled operations included. */
async function entriesAfter(
  id: AccountId,
  { log, blobs }: EngineParts,
  after: LogPosition,
): Promise<StoredEntry[]> {
  const found: StoredEntry[] = [];
  for (let last = after; ; ) {
    const { entries } = await log.read(id, last);
    for (const stored of entries) {
      if (stored.position !== last + 1) return found;
      try {
        await readEntry(blobs, stored);
      } catch (cause) {
        // No damage: another release knows what it means.
        if (cause instanceof NewerRules) throw cause;
        return found;
      }
      found.push(stored);
      last = stored.position;
    }
    if (entries.length === 0) return found;
  }
}
