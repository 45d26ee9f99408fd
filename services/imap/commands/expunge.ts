import type { Account } from '../../../shared/engine/account.ts';
import { expungeDeleted } from '../../../shared/engine/actions.ts';
import { withUidsOf } from '../../../shared/engine/decided.ts';
import type { MailError } from '../../../shared/engine/mail-error.ts';
import { UidSet } from '../../../shared/engine/uid-set.ts';
import type { ResponseCode } from '../../../shared/imap/responses/status.ts';
import type { Result } from '../../../shared/result.ts';
import { errorReply } from '../error-reply.ts';
import { namedUids, noSuchMessage } from '../message-set.ts';
import { readOnly, takeIn } from '../own-change.ts';
import type { Client, Selected, SelectedHandler } from '../session-state.ts';

/** EXPUNGE (RFC 9051 §6.4.3) and UID EXPUNGE (§6.4.9). The session sends EXPUNGE or VANISHED before the tagged answer. */
export const expunge: SelectedHandler<'expunge'> = async (client, { account, selected }, { uids }) => {
  if (selected.access === 'readOnly') return readOnly;
  const among = uids === undefined ? allTold(selected) : namedUids(selected, uids, 'uid');
  if (among === 'outOfRange') return noSuchMessage;
  const expunged = await account.commit(
    withUidsOf(selected.view.mailbox, expungeDeleted(selected.id, among)),
  );
  if (!expunged.ok) return errorReply(expunged.error, client.log);
  takeIn(account, selected);
  const code = expunged.value.size > 0 ? highestModSeqCode(client, selected) : undefined;
  return { condition: 'OK', code, text: `${expunged.value.size} expunged` };
};

/** CLOSE (RFC 9051 §6.4.1): expunges what is marked, without a word to the client. */
export const expungeAll = (account: Account, selected: Selected): Promise<Result<UidSet, MailError>> =>
  account.commit(withUidsOf(selected.view.mailbox, expungeDeleted(selected.id, allTold(selected))));

/** What came after the client was last told stays, even if it is marked: nobody at this client could have meant it. */
const allTold = ({ view }: Selected): UidSet =>
  view.uidNext > 1 ? UidSet.ofRanges([[1, view.uidNext - 1]]) : UidSet.empty;

/**
 * The code of EXPUNGE's and MOVE's tagged OK where the client resynchronises by mod-sequence (RFC 7162 §3.2.7). Everything up to it is told
 * before that answer, ghosts included.
 */
export const highestModSeqCode = (client: Client, { view }: Selected): ResponseCode | undefined =>
  client.enabled.qresync ? { code: 'HIGHESTMODSEQ', modSeq: view.mailbox.highestModSeq } : undefined;
