import { type BlobKey, kindOfKey } from '../ids.ts';
import { isManifestKey } from './snapshot-objects.ts';

/** Entries that are folded stay this long after the snapshot that folded them was replaced, before they are trimmed, ms. */
export const foldedLifetime = 24 * 3600_000;

interface Replaced {
  readonly replacedAt: number;
}

/** What was replaced that long ago. */
export const due = <T extends Replaced>(items: readonly T[], now: number, lifetime: number): T[] =>
  items.filter((item) => item.replacedAt <= now - lifetime);

/**
 * The replaced objects that may be deleted. What an entry spilled is replaced when the entry is folded, and stays for as long as any other
 * object, and until the entry may be trimmed: whoever still finds that can read it.
 */
export function deletableObjects<T extends Replaced & { readonly key: BlobKey }>(
  replaced: readonly T[],
  now: number,
  lifetime: number,
): T[] {
  let trimmedBefore = Number.NEGATIVE_INFINITY;
  for (const { key, replacedAt } of due(replaced, now, foldedLifetime))
    if (isManifestKey(key)) trimmedBefore = Math.max(trimmedBefore, replacedAt);
  return due(replaced, now, lifetime).filter(
    ({ key, replacedAt }) => kindOfKey(key) !== 's' || replacedAt < trimmedBefore,
  );
}
