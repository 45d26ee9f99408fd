import { presentUids } from '../../shared/engine/mailbox.ts';
import { AccountRebuilt, ObjectGone } from '../../shared/engine/object-gone.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import { errorReply } from './error-reply.ts';
import type { Drop } from './maildrop.ts';
import { type Client, type In, type Outcome, refuse } from './session-state.ts';

/**
 * The answer to who asked for a message, or for something of all, that could not be read. Where another client has deleted it, that is nobody's fault; where it is in
 * INBOX still, it is lost, and the operator has to learn it.
 */
export async function unreadable(
  client: Client,
  { hold }: In<'transaction'>,
  drop: Drop | undefined,
  cause: unknown,
): Promise<Outcome> {
  const { account } = hold;
  if (cause instanceof AccountRebuilt) return rebuilt;
  if (!(cause instanceof ObjectGone) || drop === undefined)
    return errorReply({ kind: 'unavailable', cause }, client.log);
  const inbox = await account.openMailbox(inboxId);
  const isThere = inbox.ok && inbox.value && presentUids(inbox.value, UidSet.of([drop.uid])).size > 0;
  if (!isThere) return refuse('The message was deleted by another client');
  client.log.error({ event: 'account.unavailable' }, cause);
  return refuse('The message cannot be read; this has been noted', 'SYS/PERM');
}

/** What a UIDL stands for must never be told of another message: the client has to ask for the new numbers. */
const rebuilt: Outcome = {
  kind: 'err',
  text: 'The account was rebuilt, please sign in again',
  code: 'SYS/TEMP',
  end: true,
};
