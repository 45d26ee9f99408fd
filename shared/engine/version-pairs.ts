import { type Chunk, firstUid, lastUid, lowerBound } from './rows.ts';

/** Where the rows of a chunk are in another version of its mailbox. */
export type Match =
  /** Row by row in another chunk, with other marks: what a change of flags leaves. */
  | { readonly kind: 'sameRows'; readonly chunk: Chunk }
  /** Somewhere: `find` is asked for ascending UIDs. */
  | { readonly kind: 'elsewhere'; find(uid: number): Place | undefined };

export interface Place {
  readonly chunk: Chunk;
  readonly row: number;
}

export interface Pair {
  readonly chunk: Chunk;
  /** Rows `[0, end)` of it are below the UID asked for. */
  readonly end: number;
  readonly match: Match;
}

/** The chunks of a version, up to a UID, with what became of their rows in another. Chunks that both share are left out, and cost nothing. */
export function* alongside(older: readonly Chunk[], newer: readonly Chunk[], below: number): Generator<Pair> {
  let same = 0;
  while (same < older.length && older[same] === newer[same]) same++;
  let j = same;
  for (let i = same; i < older.length; i++) {
    const chunk = older[i]!;
    if (firstUid(chunk) >= below) return;
    while (j < newer.length && newer[j] !== chunk && lastUid(newer[j]!) < firstUid(chunk)) j++;
    const now = newer[j];
    if (now === chunk) {
      j++;
      continue;
    }
    const end = lastUid(chunk) < below ? chunk.length : lowerBound(chunk, below);
    if (now !== undefined && now.fixed === chunk.fixed && now.length >= chunk.length)
      yield { chunk, end, match: { kind: 'sameRows', chunk: now } };
    else yield { chunk, end, match: { kind: 'elsewhere', find: finderOf(newer, j) } };
  }
}

/** Looks for ascending UIDs, from a chunk on. */
export function finderOf(chunks: readonly Chunk[], from: number): (uid: number) => Place | undefined {
  let c = from;
  let row = 0;
  return (uid) => {
    for (let chunk = chunks[c]; chunk !== undefined; chunk = chunks[++c], row = 0) {
      const { uid: uids } = chunk.fixed;
      while (row < chunk.length && uids[row]! < uid) row++;
      if (row < chunk.length) return uids[row] === uid ? { chunk, row } : undefined;
    }
    return undefined;
  };
}
