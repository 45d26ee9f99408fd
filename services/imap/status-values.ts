import type { Account } from '../../shared/engine/account.ts';
import { countFrom, type Mailbox } from '../../shared/engine/mailbox.ts';
import type { StatusItem } from '../../shared/imap/commands.ts';
import type { StatusValues } from '../../shared/imap/responses/mailbox.ts';
import { mailboxIdText } from './mailbox-id.ts';
import { recentCountNow } from './recent.ts';
import type { ImapSession } from './session.ts';
import type { In } from './session-state.ts';

/**
 * What STATUS says of a mailbox (RFC 9051 §6.3.11): counters that the account keeps, so asking costs nothing, but for DELETED-STORAGE
 * (RFC 9208 §5.1), which is added up where it is asked for. What cannot be read just now is left out.
 */
export async function statusValues(
  session: ImapSession,
  state: In<'authenticated'> | In<'selected'>,
  mailbox: Mailbox,
  items: readonly StatusItem[],
): Promise<StatusValues> {
  const { account } = state;
  const here = state.kind === 'selected' && state.selected.id === mailbox.id ? state : undefined;
  const deletedStorage = items.includes('deletedStorage')
    ? await octetsOfDeleted(account, mailbox)
    : undefined;
  return {
    ...(deletedStorage !== undefined && { deletedStorage }),
    messages: mailbox.exists,
    uidNext: mailbox.uidNext,
    uidValidity: mailbox.uidValidity,
    unseen: mailbox.unseen,
    deleted: mailbox.deleted,
    size: mailbox.bytes,
    recent: here
      ? recentCountNow(here, mailbox)
      : countFrom(mailbox, account.recent.from(account.state, mailbox.id)),
    // What is not sent yet of the selected mailbox must not be skipped by a later resynchronisation.
    highestModSeq: here?.selected.view.highestModSeq ?? mailbox.highestModSeq,
    appendLimit: session.service.options.appendLimit,
    mailboxId: mailboxIdText(mailbox.id),
  };
}

async function octetsOfDeleted(account: Account, { id, deleted }: Mailbox): Promise<number | undefined> {
  if (deleted === 0) return 0;
  const opened = await account.openMailbox(id);
  if (!opened.ok) return undefined;
  const { flags } = account.state;
  let octets = 0;
  for (const { marks, fixed, length } of opened.value?.chunks ?? [])
    for (let row = 0; row < length; row++)
      if (flags.set(marks.flags[row]!).deleted) octets += fixed.size[row]!;
  return octets;
}
