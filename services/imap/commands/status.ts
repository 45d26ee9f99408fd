import { statusResponse } from '../../../shared/imap/responses/mailbox.ts';
import type { SessionHandler } from '../dispatch.ts';
import { errorReply } from '../error-reply.ts';
import { statusValues } from '../status-values.ts';
import { turnOnCondStore } from '../updates.ts';

/** STATUS, RFC 9051 §6.3.11; of the selected mailbox too, as clients do whatever the RFC advises. */
export const status: SessionHandler<'status', 'authenticated' | 'selected'> = async (
  session,
  state,
  command,
) => {
  const refreshed = await state.account.refresh();
  if (!refreshed.ok) return errorReply(refreshed.error, session.log);
  const mailbox = state.account.state.mailboxes.named(command.mailbox);
  if (mailbox === undefined) return errorReply({ kind: 'noSuchMailbox', creatable: false }, session.log);
  if (command.items.includes('highestModSeq'))
    turnOnCondStore(session, state.kind === 'selected' ? state.selected : undefined);
  const values = await statusValues(session, state, mailbox, command.items);
  statusResponse(session.writer, command.mailbox, command.items, values);
  return { condition: 'OK', text: 'Done' };
};
