import type { LogPosition } from '../ids.ts';
import type { Account } from './account.ts';
import type { EngineParts } from './engine.ts';
import { deletableObjects, due, foldedLifetime } from './replaced.ts';

/**
 * Deletes the folded entries and the replaced objects of an account's snapshot whose time has come. A compaction does so too; this is
 * for accounts that have none coming. Says whether there was anything. One read where all is gone already.
 */
export async function trimFolded(account: Account, parts: EngineParts): Promise<boolean> {
  const { snapshot } = account;
  if (snapshot === undefined) return false;
  const { log, blobs, entropy, replacedLifetime } = parts;
  const now = entropy.now();
  let found = false;
  const upTo = due(snapshot.pastHeads, now, foldedLifetime).at(-1)?.position;
  if (upTo !== undefined && upTo > 0) {
    // The entry itself, where it is still there: entries leave in order, so that it is the last of them to go.
    const { head, entries } = await log.read(account.id, (upTo - 1) as LogPosition);
    if (head?.manifest === snapshot.manifest && entries[0]?.position === upTo) {
      await log.trim(account.id, upTo);
      found = true;
    }
  }
  const keys = deletableObjects(snapshot.replaced, now, replacedLifetime).map(({ key }) => key);
  const last = keys.at(-1);
  if (last !== undefined && (await blobs.get(last, { start: 0, end: 1 })) !== undefined) {
    // Another process may have made the newest one of the same base, and need what this one has replaced.
    const { head } = await log.readEnd(account.id);
    if (head?.manifest !== snapshot.manifest) return found;
    await blobs.delete(keys);
    found = true;
  }
  return found;
}
