import { isStillIn } from '../../shared/engine/decided.ts';
import { presentUids } from '../../shared/engine/mailbox.ts';
import { ObjectGone } from '../../shared/engine/message-index.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import { errorReply } from './error-reply.ts';
import type { Drop } from './maildrop.ts';
import { type Client, type In, type Outcome, refuse } from './session-state.ts';

/**
 * The answer to who asked for a message that could not be read. Where another client has deleted it, that is nobody's fault; where it is in
 * INBOX still, it is lost, and the operator has to learn it.
 */
export async function unreadable(
  client: Client,
  state: In<'transaction'>,
  drop: Drop,
  cause: unknown,
): Promise<Outcome> {
  const { account } = state.hold;
  if (isRebuilt(state)) return rebuilt;
  if (!(cause instanceof ObjectGone)) return errorReply({ kind: 'unavailable', cause }, client.log);
  const inbox = await account.openMailbox(inboxId);
  const isThere = inbox.ok && inbox.value && presentUids(inbox.value, UidSet.of([drop.uid])).size > 0;
  if (!isThere) return refuse('The message was deleted by another client');
  client.log.error({ event: 'account.unavailable' }, cause);
  return refuse('The message cannot be read; this has been noted', 'SYS/PERM');
}

/** Whether a message's number may be another's since the session began: what a UIDL stands for must never be told of another message. */
export const isRebuilt = ({ hold, maildrop }: In<'transaction'>): boolean =>
  !isStillIn(hold.account.state, maildrop.mailbox);

export const rebuilt: Outcome = {
  kind: 'err',
  text: 'The account was rebuilt, please sign in again',
  code: 'SYS/TEMP',
  end: true,
};
