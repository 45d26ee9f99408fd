import { storeFlags } from '../../../shared/engine/actions.ts';
import { withUidsOf } from '../../../shared/engine/decided.ts';
import type { MailError } from '../../../shared/engine/mail-error.ts';
import { UidSet } from '../../../shared/engine/uid-set.ts';
import { ok, type Result } from '../../../shared/result.ts';
import { takeIn } from '../own-change.ts';
import type { In } from '../session-state.ts';

/**
 * Sets \Seen on those of a set that lack it, in one commit for the whole command: before anything is answered, so that the new flags
 * are in the same FETCH responses. The view owes their flags until they are sent. The UIDs that changed; an error where the account cannot be written.
 */
export async function markSeen(
  { account, selected }: In<'selected'>,
  target: UidSet,
): Promise<Result<UidSet, MailError>> {
  const { view } = selected;
  const table = account.state.flags;
  function* unseen() {
    for (const { chunk, from, to, ghost } of view.spans(target))
      if (!ghost && chunk.unseen > 0)
        for (let i = from; i < to; i++) if (!table.set(chunk.marks.flags[i]!).seen) yield chunk.fixed.uid[i]!;
  }
  const uids = UidSet.of(unseen());
  if (uids.size === 0) return ok(uids);
  const stored = await account.commit(
    withUidsOf(view.mailbox, storeFlags(selected.id, uids, 'add', ['\\Seen'])),
  );
  if (!stored.ok) return stored;
  takeIn(account, selected);
  return ok(stored.value.changed);
}
