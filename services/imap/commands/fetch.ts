import { UidSet } from '../../../shared/engine/uid-set.ts';
import { vanishedUids } from '../../../shared/engine/vanished.ts';
import type { MailboxView } from '../../../shared/engine/view.ts';
import type { Uid } from '../../../shared/ids.ts';
import { vanishedLines } from '../../../shared/imap/responses/mailbox.ts';
import { errorReply } from '../error-reply.ts';
import { sendColumns } from '../fetch/columns.ts';
import { markSeen } from '../fetch/mark-seen.ts';
import { planOf } from '../fetch/plan.ts';
import { type Shortfall, sendMessages } from '../fetch/send.ts';
import { FlagTexts } from '../flag-text.ts';
import { namedUids, noSuchMessage, rangesOfUids, uidsOfRanges } from '../message-set.ts';
import { sendAll } from '../send-rows.ts';
import type { Client, CommandOf, In, Outcome, Reply, SelectedHandler } from '../session-state.ts';
import { turnOnCondStore, writeKeywords } from '../updates.ts';

/** FETCH and UID FETCH: RFC 9051 §6.4.5, RFC 3516, RFC 7162, RFC 8474, RFC 8514, RFC 8970. */
export const fetch: SelectedHandler<'fetch'> = async (client, state, command): Promise<Outcome> => {
  const { account, selected } = state;
  const { view } = selected;
  if (command.vanished === 'report' && !client.enabled.qresync)
    return { condition: 'BAD', text: 'VANISHED needs ENABLE QRESYNC' };
  const named = namedUids(selected, command.set, command.numbers);
  if (named === 'outOfRange') return noSuchMessage;
  const plan = planOf(command);
  // RFC 7162 §3.1: asking for mod-sequences turns them on.
  if (plan.items.some(({ item }) => item === 'modSeq')) turnOnCondStore(client, selected);
  const { changedSince } = command;
  const target = changedSince === undefined ? named : knownChangedSince(view, named, changedSince);
  if (command.vanished === 'report' && changedSince !== undefined)
    await sendVanished(client, state, command.set, changedSince);
  let marked = UidSet.empty;
  if (plan.seen && selected.access === 'readWrite') {
    const seen = await markSeen(state, target);
    if (seen.ok) {
      marked = seen.value;
      writeKeywords(client, selected);
    } else {
      // A store that cannot be written can still be read, and mail that is not marked is no mail lost.
      const refused = errorReply(seen.error, client.log);
      if (refused.condition === 'unsettled') return refused;
    }
  }
  const texts = FlagTexts.for(client, selected, account.state.flags);
  const shortfall: Shortfall = {};
  const spans = view.spans(target);
  if (!plan.records && !plan.bodies && !plan.emailIds) await sendColumns(client, spans, plan.items, texts);
  else {
    const told: Uid[] = [];
    const { messages } = selected;
    await sendMessages({ client, messages, plan, texts, marked, told, shortfall }, spans);
    // A message whose body cannot be had just now is not answered: its new flags are told like another's change.
    view.noteTold(UidSet.of(told));
  }
  return replyTo(client, command, shortfall);
};

/** Those of a set with a mod-sequence above `since`, as the client's view has them (RFC 7162 §3.1.4.1). */
function knownChangedSince(view: MailboxView, set: UidSet, since: number): UidSet {
  function* changed() {
    for (const { chunk, from, to } of view.spans(set)) {
      if (chunk.maxModSeq <= since) continue;
      for (let i = from; i < to; i++) if (chunk.marks.modSeq[i]! > since) yield chunk.fixed.uid[i]!;
    }
  }
  return UidSet.of(changed());
}

/** VANISHED (EARLIER), RFC 7162 §3.2.6. Ghosts are not among them: they are still numbered, and told of when that may change. */
async function sendVanished(
  client: Client,
  { account, selected }: In<'selected'>,
  set: CommandOf<'fetch'>['set'],
  since: number,
): Promise<void> {
  const { view, saved } = selected;
  const asked = set.kind === 'saved' ? saved : uidsOfRanges(view, set.ranges, view.uidNext - 1);
  const vanished = await vanishedUids(account, view.mailbox, since);
  const gone = vanished.intersect(asked).subtract(view.ghostUids);
  await sendAll(client, vanishedLines(client.writer, 'earlier', rangesOfUids(gone)));
}

function replyTo(client: Client, { numbers }: CommandOf<'fetch'>, shortfall: Shortfall): Reply {
  const expunge = numbers === 'seq' ? 'withheld' : undefined;
  const no = (code: 'UNAVAILABLE' | 'EXPUNGEISSUED' | 'UNKNOWN-CTE', text: string): Reply => ({
    condition: 'NO',
    code: { code },
    text,
    expunge,
  });
  if (shortfall.unavailable) {
    client.log.error({ event: 'account.unavailable' }, shortfall.unavailable.cause);
    return no('UNAVAILABLE', 'Please try again later');
  }
  if (shortfall.gone) return no('EXPUNGEISSUED', 'Some of these messages no longer exist');
  if (shortfall.unknownEncoding) return no('UNKNOWN-CTE', 'A part has a transfer encoding that is not known');
  return { condition: 'OK', text: 'Fetched', expunge };
}
