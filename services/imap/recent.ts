import type { Account } from '../../shared/engine/account.ts';
import { countFrom, type Mailbox } from '../../shared/engine/mailbox.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import type { In, Selected } from './session-state.ts';

/**
 * Of the UIDs from `from` to before `to`, of which a session is being told, those that no other was told of: they are \Recent to it (RFC 3501
 * §2.3.2), and to nobody after it. EXAMINE takes them from nobody (§6.3.2 there).
 */
export function takeRecent(
  { recent, state }: Account,
  { id, access }: Pick<Selected, 'id' | 'access'>,
  from: number,
  to: number,
): UidSet {
  const first = Math.max(from, recent.from(state, id));
  if (access === 'readWrite') recent.note(state, id, to);
  return first < to ? UidSet.ofRanges([[first, to - 1]]) : UidSet.empty;
}

/** How many messages that the client knows are \Recent to this session. */
export function recentCount({ view, recent }: Selected): number {
  let count = 0;
  for (const [first, last] of recent.ranges()) count += numberFrom(view, last + 1) - numberFrom(view, first);
  return count;
}

/** The same of the mailbox as it is now: without what has gone, with what has come and nobody was told of. */
export function recentCountNow({ account, selected }: In<'selected'>, mailbox: Mailbox): number {
  const { view, recent, id } = selected;
  const gone = view.ghostUids.intersect(recent).size;
  const untold = Math.max(view.uidNext, account.recent.from(account.state, id));
  return recentCount(selected) - gone + countFrom(mailbox, untold);
}

/** The number of the first message with a UID of `uid` or more. Numbers ascend with UIDs: it is found by halving. */
function numberFrom(view: Selected['view'], uid: number): number {
  let low = 1;
  let high = view.exists + 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (view.uidAt(middle)! < uid) low = middle + 1;
    else high = middle;
  }
  return low;
}
