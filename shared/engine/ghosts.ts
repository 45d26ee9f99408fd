import type { Chunk } from './rows.ts';
import { UidCollector } from './uid-set.ts';
import { alongside } from './version-pairs.ts';

/** A message that others expunged, as it was. */
export interface Ghost {
  readonly uid: number;
  readonly chunk: Chunk;
  readonly index: number;
}

/** How many of some ghosts, ascending by UID, have a UID below `uid`. */
export function ghostsBelow(ghosts: readonly Ghost[], uid: number): number {
  let low = 0;
  let high = ghosts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ghosts[middle]!.uid < uid) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Rows below `below` that are gone from, or have another mod-sequence in, the newer chunks. Shared chunks cost nothing. */
export function differenceOf(older: readonly Chunk[], newer: readonly Chunk[], below: number) {
  const gone: Ghost[] = [];
  const changed = new UidCollector();
  for (const { chunk, end, match } of alongside(older, newer, below)) {
    const { uid } = chunk.fixed;
    const { modSeq } = chunk.marks;
    if (match.kind === 'sameRows') {
      const now = match.chunk.marks.modSeq;
      for (let i = 0, from = 0; i < end; ) {
        while (i < end && now[i] === modSeq[i]) i++;
        for (from = i; i < end && now[i] !== modSeq[i]; ) i++;
        changed.addRows(uid, from, i);
      }
    } else
      for (let i = 0; i < end; i++) {
        const place = match.find(uid[i]!);
        if (place === undefined) gone.push({ uid: uid[i]!, chunk, index: i });
        else if (place.chunk.marks.modSeq[place.row] !== modSeq[i]) changed.addRows(uid, i, i + 1);
      }
  }
  return { gone, flagged: changed.set };
}

export function mergeGhosts(a: readonly Ghost[], b: readonly Ghost[]): Ghost[] {
  const merged: Ghost[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const fromA = j >= b.length || (i < a.length && a[i]!.uid < b[j]!.uid);
    merged.push(fromA ? a[i++]! : b[j++]!);
  }
  return merged;
}
