import { storeFlags } from '../../../shared/engine/actions.ts';
import { withUidsOf } from '../../../shared/engine/decided.ts';
import type { UidSet } from '../../../shared/engine/uid-set.ts';
import type { Span } from '../../../shared/engine/view.ts';
import type { ModSeq, SeqNum, Uid } from '../../../shared/ids.ts';
import { fetchClose, fetchModSeq, fetchOpen, fetchUid } from '../../../shared/imap/responses/fetch.ts';
import { errorReply } from '../error-reply.ts';
import { sendFlagLines } from '../flag-lines.ts';
import { FlagTexts } from '../flag-text.ts';
import { namedUids, noSuchMessage, numberRanges } from '../message-set.ts';
import { expungeIssued, readOnly, takeIn } from '../own-change.ts';
import { sendRows } from '../send-rows.ts';
import type { Client, CommandOf, In, Outcome, Reply, SelectedHandler } from '../session-state.ts';
import { asForetold } from '../store-outcome.ts';
import { turnOnCondStore, writeKeywords } from '../updates.ts';

/** STORE and UID STORE: RFC 9051 §6.4.6, UNCHANGEDSINCE of RFC 7162 §3.1.3. */
export const store: SelectedHandler<'store'> = async (client, state, command): Promise<Outcome> => {
  const { account, selected } = state;
  const { view } = selected;
  if (selected.access === 'readOnly') return readOnly;
  if (command.unchangedSince !== undefined) turnOnCondStore(client, selected);
  const named = namedUids(selected, command.set, command.numbers);
  if (named === 'outOfRange') return noSuchMessage;
  const before = view.mailbox;
  const owed = view.owedFlags;
  const target = named.subtract(view.ghostUids);
  const { action, flags, unchangedSince } = command;
  const stored = await account.commit(
    withUidsOf(view.mailbox, storeFlags(selected.id, target, action, flags, unchangedSince)),
  );
  if (!stored.ok) return errorReply(stored.error, client.log);
  takeIn(account, selected);
  const { modified } = stored.value;
  const done = target.subtract(modified);
  writeKeywords(client, selected);
  if (command.answer === 'report') await sendFlags(client, state, done, command);
  else {
    // What the client can work out itself is not told; where others had a hand in it, the session tells.
    const surprising = owed.union(
      done.subtract(asForetold(before, view.mailbox, account.state.flags, done, command)),
    );
    const quiet = done.subtract(surprising);
    // Not of what others changed meanwhile to what it is anyhow: its mod-sequence is new all the same.
    if (client.enabled.condStore)
      await sendModSeqs(
        client,
        view.spans(unchangedSince === undefined ? view.owedFlags.intersect(quiet) : quiet),
      );
    view.noteTold(quiet);
  }
  return replyTo(state, command, named, modified);
};

/** Every message named, changed or not, as RFC 9051 §6.4.6 shows it. */
async function sendFlags(
  client: Client,
  { account, selected }: In<'selected'>,
  done: UidSet,
  { numbers }: CommandOf<'store'>,
): Promise<void> {
  const texts = FlagTexts.for(client, selected, account.state.flags);
  const { condStore: modSeq } = client.enabled;
  const form = { uid: numbers === 'uid' || modSeq, modSeq };
  await sendFlagLines(client, living(selected.view.spans(done)), texts, form);
  selected.view.noteTold(done);
}

/** RFC 7162 §3.1.3: a client that keeps mod-sequences is told the new ones even with .SILENT. */
async function sendModSeqs(client: Client, spans: Iterable<Span>): Promise<void> {
  const { writer } = client;
  await sendRows(client, living(spans), ({ fixed, marks }, row, seq: SeqNum) => {
    fetchOpen(writer, seq);
    fetchUid(writer, fixed.uid[row] as Uid);
    fetchModSeq(writer, marks.modSeq[row] as ModSeq);
    fetchClose(writer);
  });
}

/** A ghost's flags are nobody's any more. */
function* living(spans: Iterable<Span>): Generator<Span> {
  for (const span of spans) if (!span.ghost) yield span;
}

function replyTo(
  { selected }: In<'selected'>,
  { numbers, answer }: CommandOf<'store'>,
  named: UidSet,
  modified: UidSet,
): Reply {
  const expunge = numbers === 'seq' ? 'withheld' : undefined;
  const { view } = selected;
  if (modified.size > 0) {
    const set = numberRanges(view, modified, numbers);
    const text = 'Some had changed and were left alone';
    return { condition: 'OK', code: { code: 'MODIFIED', set }, text, expunge };
  }
  if (view.ghostUids.intersect(named).size === 0) return { condition: 'OK', text: 'Stored', expunge };
  // RFC 2180 §4.2: with .SILENT, and by UID, what could be done counts.
  const condition = answer === 'silent' || numbers === 'uid' ? 'OK' : 'NO';
  return { ...expungeIssued('Some of these messages no longer exist', condition), expunge };
}
