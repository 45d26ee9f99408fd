import type { Account } from '../../../shared/engine/account.ts';
import { applyEntry, initialState } from '../../../shared/engine/apply.ts';
import type { EngineParts } from '../../../shared/engine/engine.ts';
import { usageFits } from '../../../shared/engine/entry.ts';
import { readEntry } from '../../../shared/engine/entry-reader.ts';
import { loadWhole } from '../../../shared/engine/mailbox-loader.ts';
import { loadSnapshot } from '../../../shared/engine/snapshot-loader.ts';
import { newestManifests } from '../../../shared/engine/snapshot-objects.ts';
import type { AccountState, Usage } from '../../../shared/engine/state.ts';
import { stateDigest } from '../../../shared/engine/state-digest.ts';
import type { LogPosition } from '../../../shared/ids.ts';
import { because, type Findings } from './findings.ts';

type Parts = Pick<EngineParts, 'log' | 'blobs' | 'sleep'>;

/** Manifests that were replaced are tried from the newest back, at most this many: entries that follow an older one are trimmed after a day. */
const mostManifests = 20;

/**
 * Checks an account's log against its snapshot: the state that sessions see must be what the snapshot and the entries after it give,
 * and the snapshot what an older one and the entries since give, where both are still there. Resolves to the position from
 * which on every entry was applied again.
 */
export async function checkLog(account: Account, parts: Parts, findings: Findings): Promise<number> {
  const { snapshot } = account;
  const state = await loadWhole(parts.blobs, account.state);
  const base = await loadWhole(parts.blobs, snapshot?.state ?? initialState);
  const now = await replay(account, parts, base, state.position, findings);
  if (now !== undefined && stateDigest(now) !== stateDigest(state))
    findings.add(
      'replay',
      `entries ${base.position + 1} to ${state.position} do not give the state that is held`,
    );
  if (snapshot === undefined) return 0;
  return (await checkFold(account, parts, base, findings)) ?? base.position;
}

/** Folds again from the oldest snapshot that can be read and from which the log still leads to the newest one. */
async function checkFold(
  account: Account,
  parts: Parts,
  folded: AccountState,
  findings: Findings,
): Promise<number | undefined> {
  for (const snapshot of (await leadingSnapshots(account, parts, folded)).reverse()) {
    let older: AccountState;
    try {
      older = await loadWhole(parts.blobs, snapshot);
    } catch {
      // Nobody needs what was replaced any more: its objects are deleted one by one, and a crash leaves some.
      continue;
    }
    const again = await replay(account, parts, older, folded.position, findings);
    if (again !== undefined && stateDigest(again) !== stateDigest(folded))
      findings.add(
        'replay',
        `the snapshot at ${folded.position} is not what entries ${older.position + 1} to ${folded.position} make of the one at ${older.position}`,
      );
    return older.position;
  }
  return undefined;
}

/** The snapshots before the newest one whose next entry is still there, newest first. */
async function leadingSnapshots(
  { id, snapshot }: Account,
  { log, blobs }: Parts,
  folded: AccountState,
): Promise<AccountState[]> {
  const found: AccountState[] = [];
  for (const key of await newestManifests(blobs, id, mostManifests)) {
    if (key === snapshot?.manifest) continue;
    let older: AccountState;
    try {
      older = (await loadSnapshot(blobs, key)).state;
    } catch {
      continue;
    }
    // A rebuild begins an epoch: no entries lead from the one before to it.
    if (older.modSeqBase !== folded.modSeqBase) continue;
    if (older.position === 0 || older.position >= folded.position) continue;
    const first = (await log.read(id, older.position)).entries[0];
    if (first?.position !== older.position + 1) break;
    found.push(older);
  }
  return found;
}

/** The state at `last`; undefined, and told, where an entry cannot be read or is missing. */
async function replay(
  account: Account,
  { log, blobs, sleep }: Parts,
  base: AccountState,
  last: LogPosition,
  findings: Findings,
): Promise<AccountState | undefined> {
  let state = base;
  let said: Usage | undefined;
  while (state.position < last) {
    const { entries } = await log.read(account.id, state.position);
    for (const stored of entries) {
      if (stored.position > last) break;
      if (stored.position !== state.position + 1) {
        findings.add('log', `entry ${state.position + 1} is missing`);
        return undefined;
      }
      try {
        const { entry } = await readEntry(blobs, stored);
        state = applyEntry(state, entry).state;
        const { bytes, messages } = entry.usage;
        if (!usageFits(entry, said, state.usage))
          findings.add(
            'log',
            `entry ${entry.position} was written with ${messages} messages of ${bytes} bytes in use, and gives ${state.usage.messages} of ${state.usage.bytes}`,
          );
        said = entry.usage;
      } catch (cause) {
        findings.add('log', `entry ${stored.position}: ${because(cause)}`);
        return undefined;
      }
    }
    if (entries.length === 0) {
      findings.add('log', `entry ${state.position + 1} is missing`);
      return undefined;
    }
    await sleep(0);
  }
  return state;
}
