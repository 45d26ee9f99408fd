import { countFrom, type Mailbox } from '../../shared/engine/mailbox.ts';
import type { StatusValues } from '../../shared/imap/responses/mailbox.ts';
import { mailboxIdText } from './mailbox-id.ts';
import type { ImapSession } from './session.ts';
import type { In } from './session-state.ts';

/** Everything that STATUS can say of a mailbox (RFC 9051 §6.3.11): counters that the account keeps, so asking costs nothing. */
export function statusValues(
  session: ImapSession,
  state: In<'authenticated'> | In<'selected'>,
  mailbox: Mailbox,
): StatusValues {
  const selected = state.kind === 'selected' && state.selected.id === mailbox.id ? state.selected : undefined;
  const recentFrom = selected?.recentFrom ?? state.account.recent.from(state.account.state, mailbox.id);
  return {
    messages: mailbox.exists,
    uidNext: mailbox.uidNext,
    uidValidity: mailbox.uidValidity,
    unseen: mailbox.unseen,
    deleted: mailbox.deleted,
    size: mailbox.bytes,
    recent: countFrom(mailbox, recentFrom),
    // What is not sent yet of the selected mailbox must not be skipped by a later resynchronisation.
    highestModSeq: selected?.view.highestModSeq ?? mailbox.highestModSeq,
    appendLimit: session.service.options.appendLimit,
    mailboxId: mailboxIdText(mailbox.id),
  };
}
