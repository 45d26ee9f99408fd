import type { FlagTable } from '../../../shared/engine/flag-table.ts';
import type { Mailbox } from '../../../shared/engine/mailbox.ts';
import { MessageReader } from '../../../shared/engine/message-reader.ts';
import { UidSet } from '../../../shared/engine/uid-set.ts';
import { MailboxView } from '../../../shared/engine/view.ts';
import type { MailboxName } from '../../../shared/imap/mailbox-name.ts';
import { flagsLine, listLine, numberLine } from '../../../shared/imap/responses/mailbox.ts';
import { type ResponseCode, statusLine } from '../../../shared/imap/responses/status.ts';
import { ok } from '../../../shared/result.ts';
import type { SessionHandler } from '../dispatch.ts';
import { errorReply } from '../error-reply.ts';
import { attributesOf, ListedNames } from '../listed-names.ts';
import { mailboxIdText } from '../mailbox-id.ts';
import { recentCount, takeRecent } from '../recent.ts';
import { writeResync } from '../resync.ts';
import type { ImapSession } from '../session.ts';
import type { In, Selected } from '../session-state.ts';
import { systemFlags } from '../updates.ts';

/**
 * SELECT and EXAMINE: RFC 9051 §6.3.2 and §6.3.3, what RFC 3501 §6.3.1 adds for clients that have not enabled IMAP4rev2, and the parameters
 * of RFC 7162. What was selected before is no longer, whatever comes of it.
 */
export const select: SessionHandler<'select', 'authenticated' | 'selected'> = async (
  session,
  state,
  command,
) => {
  const { enabled, writer } = session;
  const { account, record } = state;
  if (command.qresync !== undefined && !enabled.qresync)
    return { condition: 'BAD', text: 'ENABLE QRESYNC comes first' };
  if (state.kind === 'selected') {
    session.state = { kind: 'authenticated', account, record };
    statusLine(writer, undefined, 'OK', 'The mailbox before is closed', 'CLOSED');
  }
  if (command.condStore === 'wanted') enabled.condStore = true;
  const refreshed = await account.refresh();
  if (!refreshed.ok) return errorReply(refreshed.error, session.log);
  const named = account.state.mailboxes.named(command.mailbox);
  const opened = named === undefined ? ok(undefined) : await account.openMailbox(named.id);
  if (!opened.ok) return errorReply(opened.error, session.log);
  const mailbox = opened.value;
  if (mailbox === undefined) return errorReply({ kind: 'noSuchMailbox', creatable: false }, session.log);

  const selected: Selected = {
    id: mailbox.id,
    view: new MailboxView(mailbox),
    messages: new MessageReader(account, mailbox),
    access: command.access,
    recent: takeRecent(account, { id: mailbox.id, access: command.access }, 1, mailbox.uidNext),
    saved: UidSet.empty,
    toldKeywords: mailbox.keywords.length,
  };
  const entered: In<'selected'> = { kind: 'selected', account, record, selected };
  writeMailbox(session, entered);
  if (command.qresync !== undefined) await writeResync(session, entered, command.qresync);
  session.state = entered;
  const code = command.access === 'readWrite' ? 'READ-WRITE' : 'READ-ONLY';
  return { condition: 'OK', code: { code }, text: 'Selected' };
};

function writeMailbox({ writer, enabled }: ImapSession, { account, selected }: In<'selected'>): void {
  const { mailbox } = selected.view;
  const say = (text: string, code: ResponseCode) => statusLine(writer, undefined, 'OK', text, code);
  const flags = [...systemFlags, ...mailbox.keywords];
  flagsLine(writer, flags);
  numberLine(writer, mailbox.exists, 'EXISTS');
  if (!enabled.rev2) {
    numberLine(writer, recentCount(selected), 'RECENT');
    const unseen = firstUnseen(mailbox, account.state.flags);
    if (unseen !== undefined) say('First unseen', { code: 'UNSEEN', number: unseen });
  }
  const permanent = selected.access === 'readWrite' ? [...flags, '\\*'] : [];
  say(permanent.length > 0 ? 'Kept' : 'Nothing can be changed', { code: 'PERMANENTFLAGS', flags: permanent });
  say('UIDs are valid', { code: 'UIDVALIDITY', number: mailbox.uidValidity });
  say('Predicted next UID', { code: 'UIDNEXT', number: mailbox.uidNext });
  say('Highest', { code: 'HIGHESTMODSEQ', modSeq: mailbox.highestModSeq });
  say('Identity', { code: 'MAILBOXID', id: mailboxIdText(mailbox.id) });
  if (enabled.rev2) {
    const attributes = attributesOf(new ListedNames(account.state), mailbox.name, mailbox);
    listLine(writer, 'LIST', { name: mailbox.name as MailboxName, attributes });
  }
}

/** The number of the first message without \Seen (RFC 3501 §7.1). */
function firstUnseen(mailbox: Mailbox, flags: FlagTable): number | undefined {
  if (mailbox.unseen === 0) return undefined;
  let before = 0;
  for (const chunk of mailbox.chunks) {
    if (chunk.unseen > 0)
      for (let i = 0; i < chunk.length; i++)
        if (!flags.set(chunk.marks.flags[i]!).seen) return before + i + 1;
    before += chunk.length;
  }
  return undefined;
}
