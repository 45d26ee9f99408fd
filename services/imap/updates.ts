import { isStillIn } from '../../shared/engine/decided.ts';
import type { Span } from '../../shared/engine/view.ts';
import { flagsLine, numberLine, vanishedLines } from '../../shared/imap/responses/mailbox.ts';
import { statusLine } from '../../shared/imap/responses/status.ts';
import { flushAt } from '../../shared/imap/writer.ts';
import { sendFlagLines } from './flag-lines.ts';
import { FlagTexts } from './flag-text.ts';
import { rangesOfUids } from './message-set.ts';
import { recentCount, takeRecent } from './recent.ts';
import { sendAll } from './send-rows.ts';
import type { Client, In, Selected } from './session-state.ts';

/** The flags of RFC 9051 §2.3.2 that every mailbox keeps. */
export const systemFlags = ['\\Answered', '\\Flagged', '\\Deleted', '\\Seen', '\\Draft'] as const;

/**
 * Takes the newest known version of the mailbox into the session's view. 'gone' where another session deleted it: RFC 2180
 * §3.2 then ends the connection with BYE, since a client cannot be moved out of the selected state in a way that all understand.
 */
export function advanceView({ account, selected }: In<'selected'>): 'current' | 'gone' {
  const newest = account.state.mailboxes.get(selected.id);
  if (newest === undefined || !isStillIn(account.state, selected.view.mailbox)) return 'gone';
  selected.view.advance(newest);
  return 'current';
}

/** True where `writeUpdates` would have something to say. */
export const hasUpdates = ({ selected }: In<'selected'>, expunge: 'allowed' | 'withheld'): boolean =>
  selected.view.hasUpdates(expunge) || selected.view.mailbox.keywords.length > selected.toldKeywords;

/**
 * Tells what others changed in the selected mailbox, after `advanceView`: EXPUNGE or VANISHED first, then EXISTS and RECENT, then
 * changed flags by the numbers that hold after it (RFC 9051 §7.5.1 and §5.2). The session calls it before every tagged answer.
 */
export async function writeUpdates(
  client: Client,
  state: In<'selected'>,
  expunge: 'allowed' | 'withheld',
): Promise<void> {
  if (!hasUpdates(state, expunge)) return;
  const { account, selected } = state;
  const { writer, enabled } = client;
  const { view } = selected;
  const told = view.uidNext;
  const { expunged, vanished, exists, flagged } = view.takeUpdates(expunge);
  // At once: while something is sent another session may be told.
  if (exists !== undefined)
    selected.recent = selected.recent.union(takeRecent(account, selected, told, view.uidNext));
  if (enabled.qresync) await sendAll(client, vanishedLines(writer, 'now', rangesOfUids(vanished)));
  else
    for (const seq of expunged) {
      numberLine(writer, seq, 'EXPUNGE');
      if (writer.length >= flushAt) await client.flush();
    }
  if (exists !== undefined) {
    numberLine(writer, exists, 'EXISTS');
    if (!enabled.rev2) numberLine(writer, recentCount(selected), 'RECENT');
  }
  writeKeywords(client, selected);
  if (flagged.size > 0) await writeFlagsOf(client, state, view.spans(flagged));
}

/** FLAGS anew where keywords have come since the client was told (RFC 9051 §7.3.5). */
export function writeKeywords({ writer }: Client, selected: Selected): void {
  const { keywords } = selected.view.mailbox;
  if (keywords.length <= selected.toldKeywords) return;
  selected.toldKeywords = keywords.length;
  flagsLine(writer, [...systemFlags, ...keywords]);
}

/**
 * A FETCH response for each row with its flags, as they are announced unasked: with the mod-sequence where the client keeps
 * those (RFC 7162 §3.1), with the UID where it works by UIDs (§3.2.4 there).
 */
export async function writeFlagsOf(
  client: Client,
  { account, selected }: In<'selected'>,
  spans: Iterable<Span>,
): Promise<void> {
  const { enabled } = client;
  const texts = FlagTexts.for(client, selected, account.state.flags);
  await sendFlagLines(client, spans, texts, {
    uid: enabled.qresync || enabled.rev2,
    modSeq: enabled.condStore,
  });
}

/** The first command that shows that the client keeps mod-sequences also gets the mailbox's (RFC 7162 §3.1). */
export function turnOnCondStore({ enabled, writer }: Client, selected: Selected | undefined): void {
  if (enabled.condStore) return;
  enabled.condStore = true;
  if (selected === undefined) return;
  const modSeq = selected.view.highestModSeq;
  statusLine(writer, undefined, 'OK', 'Highest', { code: 'HIGHESTMODSEQ', modSeq });
}
