import type { ModSeq } from '../ids.ts';
import type { FlagTable } from './flag-table.ts';
import { worked } from './pace.ts';
import { removeRows, withMarks } from './row-edits.ts';
import { type Chunk, chunkRows, firstUid, lastUid, lowerBound } from './rows.ts';
import { UidSet } from './uid-set.ts';

/** Flags of rows that lie in an older section, ascending by UID. */
export interface ChangedMarks {
  readonly uid: Uint32Array;
  readonly flags: Uint32Array;
  readonly modSeq: Float64Array;
}

/** What a section says: rows behind all older ones, and what became of the older ones. */
export interface RowDelta {
  /** UIDs below this are older sections' rows. */
  readonly uidFrom: number;
  readonly removed: UidSet;
  readonly changed: ChangedMarks;
  readonly appended: readonly Chunk[];
}

export const noMarks: ChangedMarks = {
  uid: new Uint32Array(0),
  flags: new Uint32Array(0),
  modSeq: new Float64Array(0),
};

/** Two deltas as one, the newer on top; of a mailbox's first section and those behind it, `appended` is the mailbox. */
export async function combine(older: RowDelta, newer: RowDelta, flags: FlagTable): Promise<RowDelta> {
  const { uidFrom } = older;
  const kept: Chunk[] = [];
  let marks = newer.changed.uid.length === 0 ? undefined : newer.changed;
  if (marks !== undefined && marks.uid.at(-1)! < uidFrom) marks = undefined;
  for (const chunk of older.appended) {
    const marked = marks === undefined ? chunk : overlay(chunk, marks, flags);
    if (newer.removed.size === 0) kept.push(marked);
    else kept.push(...removeRows([marked], newer.removed, flags).kept);
    await worked(chunk.length);
  }
  const below = UidSet.ofRanges(uidFrom > 1 ? [[1, uidFrom - 1]] : []);
  return {
    uidFrom,
    removed: older.removed.union(newer.removed.intersect(below)),
    changed: await mergeMarks(older.changed, newer.changed, newer.removed, uidFrom),
    appended: kept.concat(newer.appended),
  };
}

function overlay(chunk: Chunk, marks: ChangedMarks, flags: FlagTable): Chunk {
  const from = lowerBoundIn(marks.uid, firstUid(chunk));
  const to = lowerBoundIn(marks.uid, lastUid(chunk) + 1);
  if (from === to) return chunk;
  return withMarks(
    chunk,
    function* () {
      let row = 0;
      for (let i = from; i < to; i++) {
        const uid = marks.uid[i]!;
        if (row >= chunk.length || chunk.fixed.uid[row]! !== uid) row = lowerBound(chunk, uid);
        if (chunk.fixed.uid[row] === uid && row < chunk.length)
          yield [row++, marks.flags[i]!, marks.modSeq[i]! as ModSeq] as const;
      }
    },
    flags,
  );
}

function lowerBoundIn(sorted: Uint32Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The newer wins; what was removed has no marks, and rows from `uidFrom` on carry theirs themselves. */
async function mergeMarks(
  older: ChangedMarks,
  newer: ChangedMarks,
  removed: UidSet,
  uidFrom: number,
): Promise<ChangedMarks> {
  if (older.uid.length === 0 && newer.uid.length === 0) return noMarks;
  const most = older.uid.length + newer.uid.length;
  const [uid, flags, modSeq] = [new Uint32Array(most), new Uint32Array(most), new Float64Array(most)];
  let count = 0;
  let [i, j] = [0, 0];
  while (i < older.uid.length || j < newer.uid.length) {
    if ((i + j) % chunkRows === 0) await worked(chunkRows);
    const mine = older.uid[i] ?? Number.POSITIVE_INFINITY;
    const theirs = newer.uid[j] ?? Number.POSITIVE_INFINITY;
    const from = theirs <= mine ? newer : older;
    const at = theirs <= mine ? j : i;
    if (mine <= theirs) i++;
    if (theirs <= mine) j++;
    const which = Math.min(mine, theirs);
    if (which >= uidFrom || (from === older && removed.has(which))) continue;
    uid[count] = which;
    flags[count] = from.flags[at]!;
    modSeq[count++] = from.modSeq[at]!;
  }
  return { uid: uid.slice(0, count), flags: flags.slice(0, count), modSeq: modSeq.slice(0, count) };
}
