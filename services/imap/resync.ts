import { changedSince, everyUid } from '../../shared/engine/mailbox.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import { vanishedUids } from '../../shared/engine/vanished.ts';
import type { MailboxView } from '../../shared/engine/view.ts';
import type { QResyncParameter } from '../../shared/imap/commands.ts';
import { vanishedLines } from '../../shared/imap/responses/mailbox.ts';
import { countOf, type NumberRange } from '../../shared/imap/sequence-set.ts';
import { rangesOfUids } from './message-set.ts';
import { sendAll } from './send-rows.ts';
import type { Client, In } from './session-state.ts';
import { writeFlagsOf } from './updates.ts';

/**
 * What changed since the client was last here (RFC 7162 §3.2.5): the UIDs that left, then flags and new messages, of those UIDs that the
 * client says it knows. Nothing where its UIDVALIDITY is another: it must begin anew.
 */
export async function writeResync(
  client: Client,
  state: In<'selected'>,
  { uidValidity, modSeq, knownUids, match }: QResyncParameter,
): Promise<void> {
  const { account, selected } = state;
  const { view } = selected;
  const { mailbox } = view;
  if (uidValidity !== mailbox.uidValidity) return;
  const known =
    knownUids === undefined
      ? everyUid
      : UidSet.ofRanges(knownUids.map(({ first, last }) => [first, last] as const));
  const vanished = (await vanishedUids(account, mailbox, modSeq)).intersect(known);
  const agreed = match === undefined ? 0 : lastAgreed(view, match.sequence, match.uids);
  const untold = agreed === 0 ? vanished : vanished.subtract(UidSet.ofRanges([[1, agreed]]));
  await sendAll(client, vanishedLines(client.writer, 'earlier', rangesOfUids(untold)));
  await writeFlagsOf(client, state, view.spans(changedSince(mailbox, known, modSeq)));
}

/**
 * The highest UID that has the number which the client believes it has, 0 for none (RFC 7162 §3.2.5.2). Messages only ever leave, so all
 * that left below it had left before the client counted. Found by halving, since it holds for all pairs up to some one.
 */
function lastAgreed(
  view: MailboxView,
  sequence: readonly NumberRange[],
  uids: readonly NumberRange[],
): number {
  const pairs = Math.min(countOf(sequence), countOf(uids));
  let low = 0;
  let high = pairs;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (view.uidAt(nth(sequence, middle)) === nth(uids, middle)) low = middle;
    else high = middle - 1;
  }
  return low === 0 ? 0 : nth(uids, low);
}

/** The number at a place, from 1, in ranges. */
function nth(ranges: readonly NumberRange[], place: number): number {
  let left = place;
  for (const { first, last } of ranges) {
    const count = last - first + 1;
    if (left <= count) return first + left - 1;
    left -= count;
  }
  return 0;
}
