import type { FlagTable } from '../../shared/engine/flag-table.ts';
import type { Mailbox } from '../../shared/engine/mailbox.ts';
import { type Chunk, firstUid, lastUid, runs } from '../../shared/engine/rows.ts';
import { UidCollector, type UidSet } from '../../shared/engine/uid-set.ts';
import { finderOf } from '../../shared/engine/version-pairs.ts';
import type { Store } from '../../shared/imap/commands.ts';

/** The flags that a change makes of others, by id; -1 where the account never had such a set: then nobody has them. */
export function foretelling(
  table: FlagTable,
  { action, flags }: Pick<Store, 'action' | 'flags'>,
): (before: number) => number {
  const known: (number | undefined)[] = [];
  const removed = new Set(flags.map((flag) => flag.toLowerCase()));
  return (before) => {
    let after = known[before];
    if (after === undefined) {
      const had = table.set(before).flags;
      const wanted =
        action === 'replace'
          ? flags
          : action === 'add'
            ? [...had, ...flags]
            : had.filter((flag) => !removed.has(flag.toLowerCase()));
      const interned = table.intern(wanted);
      after = interned.table === table ? interned.id : -1;
      known[before] = after;
    }
    return after;
  };
}

/** Those of a set whose flags are what a client works out that knew `before` and stored: nothing needs to be told of them. */
export function asForetold(
  before: Mailbox,
  after: Mailbox,
  table: FlagTable,
  set: UidSet,
  change: Pick<Store, 'action' | 'flags'>,
): UidSet {
  const foretold = foretelling(table, change);
  const found = new UidCollector();
  let c = 0;
  for (const chunk of after.chunks) {
    while (c < before.chunks.length && isBefore(before.chunks[c]!, chunk)) c++;
    const { uid } = chunk.fixed;
    const { flags } = chunk.marks;
    const old = oldFlags(chunk, before.chunks, c);
    for (const [from, to] of runs(chunk, set)) {
      let first = from;
      for (let i = from; i < to; i++) {
        const had = old(i);
        if (had !== undefined && foretold(had) === flags[i]) continue;
        found.addRows(uid, first, i);
        first = i + 1;
      }
      found.addRows(uid, first, to);
    }
  }
  return found.set;
}

const isBefore = (a: Chunk, b: Chunk): boolean => a.fixed !== b.fixed && lastUid(a) < firstUid(b);

/** The flags ids that the rows of a chunk had in an older version, asked for in ascending order. */
function oldFlags(chunk: Chunk, older: readonly Chunk[], from: number): (row: number) => number | undefined {
  const same = older[from];
  if (same?.fixed === chunk.fixed) {
    const { flags } = same.marks;
    return (row) => (row < same.length ? flags[row] : undefined);
  }
  const find = finderOf(older, from);
  return (row) => {
    const place = find(chunk.fixed.uid[row]!);
    return place?.chunk.marks.flags[place.row];
  };
}
