import type { FlagTable } from '../../shared/engine/flag-table.ts';
import type { Mailbox } from '../../shared/engine/mailbox.ts';
import { runs } from '../../shared/engine/rows.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import type { Store } from '../../shared/imap/commands.ts';

/** The flags that a change makes of others, by id; -1 where the account never had such a set: then nobody has them. */
export function foretelling(
  table: FlagTable,
  { action, flags }: Pick<Store, 'action' | 'flags'>,
): (before: number) => number {
  const known = new Map<number, number>();
  const removed = new Set(flags.map((flag) => flag.toLowerCase()));
  return (before) => {
    let after = known.get(before);
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
      known.set(before, after);
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
  function* uids() {
    let c = 0;
    let at = 0;
    for (const chunk of after.chunks) {
      for (const [from, to] of runs(chunk, set)) {
        for (let i = from; i < to; i++) {
          const uid = chunk.fixed.uid[i]!;
          let old = before.chunks[c];
          while (old !== undefined && (at >= old.length || old.fixed.uid[at]! < uid)) {
            if (at < old.length) at++;
            else {
              old = before.chunks[++c];
              at = 0;
            }
          }
          if (old === undefined || old.fixed.uid[at] !== uid) continue;
          if (foretold(old.marks.flags[at]!) === chunk.marks.flags[i]) yield uid;
        }
      }
    }
  }
  return UidSet.of(uids());
}
