import { errorReply } from '../error-reply.ts';
import type { Client, Handler, In, Outcome } from '../session-state.ts';
import { updateMaildrop } from '../update.ts';

/**
 * QUIT, RFC 1939 §6. In the TRANSACTION state it deletes, and only then answers. Where it cannot, nothing is deleted, and the client is told
 * so before the connection ends; where that is not known, the connection ends without an answer.
 */
export const quit: Handler<'authorization' | 'transaction', 'QUIT'> = async (client, state) => {
  if (state.kind === 'authorization') return bye;
  const reply = await update(client, state);
  // Before the answer: who has read it may sign in again at once, and must not find the maildrop in use.
  await state.release();
  return reply;
};

const bye = { kind: 'ok', text: 'Bye', end: true } as const;

async function update(client: Client, state: In<'transaction'>): Promise<Outcome> {
  const { maildrop, record, hold } = state;
  const update = {
    mailbox: maildrop.mailbox,
    deleted: maildrop.deletedUids,
    retrieved: maildrop.retrievedUids,
    deletion: record.pop3Deletion,
  };
  if (update.deleted.size === 0 && update.retrieved.size === 0) return bye;
  const outcome = await hold.account.commit(updateMaildrop(update));
  if (outcome.ok) return { ...bye, text: `${outcome.value} messages deleted` };
  if (update.deleted.size === 0 && outcome.error.kind !== 'unsettled') {
    // Only \Seen is lost: no matter for a POP3 client.
    errorReply(outcome.error, client.log);
    return bye;
  }
  const reply = errorReply(outcome.error, client.log);
  if (reply.kind !== 'err') return reply;
  return { kind: 'err', text: 'Nothing was deleted, please try again later', code: 'SYS/TEMP', end: true };
}
