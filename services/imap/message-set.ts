import { UidSet } from '../../shared/engine/uid-set.ts';
import type { MailboxView } from '../../shared/engine/view.ts';
import type { Numbers } from '../../shared/imap/commands.ts';
import {
  type NumberRange,
  rangesOf,
  resolveRanges,
  type SequenceSet,
} from '../../shared/imap/sequence-set.ts';
import type { Reply, Selected } from './session-state.ts';

/** RFC 9051 §9 seq-number: a number above the number of messages is answered BAD, '*' in an empty mailbox included. */
export const noSuchMessage: Reply = { condition: 'BAD', text: 'There is no message of that number' };

/**
 * The UIDs that a command's set means, as ranges below the first UID that the client has not been told of. UIDs in them may not
 * exist (RFC 9051 §6.4.9: they are ignored); ghosts are among them. 'outOfRange' where a sequence number is too large.
 */
export function namedUids(selected: Selected, set: SequenceSet, numbers: Numbers): UidSet | 'outOfRange' {
  const { view } = selected;
  if (set.kind === 'saved') return told(view, selected.saved);
  if (numbers === 'uid') return uidsOfRanges(view, set.ranges, view.lastUid ?? 0);
  const ranges = resolveRanges(set.ranges, view.exists);
  if (ranges.length === 0 || ranges.at(-1)!.last > view.exists) return 'outOfRange';
  return UidSet.ofRanges(ranges.map(({ first, last }) => [view.uidAt(first)!, view.uidAt(last)!]));
}

/** The UIDs that ranges of them mean where `largest` is '*'. */
export const uidsOfRanges = (view: MailboxView, ranges: readonly NumberRange[], largest: number): UidSet =>
  told(view, UidSet.ofRanges(resolveRanges(ranges, largest).map(({ first, last }) => [first, last])));

const told = (view: MailboxView, set: UidSet): UidSet =>
  (set.last ?? 0) < view.uidNext ? set : set.intersect(UidSet.ofRanges([[1, view.uidNext - 1]]));

/** Known messages as a command's numbers, in ranges. */
export function numberRanges(view: MailboxView, uids: UidSet, numbers: Numbers): NumberRange[] {
  if (numbers === 'uid') return rangesOfUids(uids);
  const seqs: number[] = [];
  for (const { firstSeq, from, to } of view.spans(uids))
    for (let i = from; i < to; i++) seqs.push(firstSeq + i - from);
  return rangesOf(seqs);
}

export const rangesOfUids = (uids: UidSet): NumberRange[] =>
  Array.from(uids.ranges(), ([first, last]) => ({ first, last }));
