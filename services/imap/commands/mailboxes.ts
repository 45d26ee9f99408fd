import type { Decide } from '../../../shared/engine/decision.ts';
import {
  createMailbox as creation,
  deleteMailbox as deletion,
  renameMailbox as renaming,
  subscribe as subscription,
} from '../../../shared/engine/mailbox-actions.ts';
import { type SpecialUse, specialUses } from '../../../shared/engine/operation.ts';
import { statusLine } from '../../../shared/imap/responses/status.ts';
import type { SessionHandler } from '../dispatch.ts';
import { errorReply } from '../error-reply.ts';
import { mailboxIdText } from '../mailbox-id.ts';
import type { ImapSession } from '../session.ts';
import type { In, Outcome, Reply } from '../session-state.ts';

type SignedIn = 'authenticated' | 'selected';

async function change(session: ImapSession, state: In<SignedIn>, decide: Decide<void>): Promise<Outcome> {
  const result = await state.account.commit(decide);
  return result.ok ? { condition: 'OK', text: 'Done' } : errorReply(result.error, session.log);
}

/** \All and \Flagged stand for what mailboxes hold together (RFC 6154 §2): no mailbox of a person's own can be that. */
const givenUses: ReadonlySet<string> = new Set(specialUses.filter((u) => u !== '\\All' && u !== '\\Flagged'));

const useRefused = (text: string): Reply => ({ condition: 'NO', code: { code: 'USEATTR' }, text });

/** CREATE, RFC 9051 §6.3.4, with USE (RFC 6154 §3) and MAILBOXID (RFC 8474 §4.2). */
export const createMailbox: SessionHandler<'create', SignedIn> = async (session, state, command) => {
  const { account } = state;
  const [use, ...more] = command.specialUse;
  if (more.length > 0) return useRefused('A mailbox has one special use');
  if (use !== undefined && !givenUses.has(use)) return useRefused('No mailbox can have that special use');
  const created = await account.commit(creation(command.mailbox, use as SpecialUse | undefined));
  if (!created.ok) return errorReply(created.error, session.log);
  return { condition: 'OK', code: { code: 'MAILBOXID', id: mailboxIdText(created.value) }, text: 'Created' };
};

/** DELETE, RFC 9051 §6.3.5. The selected mailbox may be deleted too: the session is then in the authenticated state. */
export const deleteMailbox: SessionHandler<'delete', SignedIn> = async (session, state, command) => {
  const { account, record } = state;
  const outcome = await change(session, state, deletion(command.mailbox));
  if (outcome.condition !== 'OK' || state.kind !== 'selected') return outcome;
  if (account.state.mailboxes.get(state.selected.id) === undefined) {
    session.state = { kind: 'authenticated', account, record };
    statusLine(session.writer, undefined, 'OK', 'The selected mailbox is deleted', 'CLOSED');
  }
  return outcome;
};

/** RENAME, RFC 9051 §6.3.6. */
export const renameMailbox: SessionHandler<'rename', SignedIn> = (session, state, { from, to }) =>
  change(session, state, renaming(from, to));

/** SUBSCRIBE, RFC 9051 §6.3.7. */
export const subscribe: SessionHandler<'subscribe', SignedIn> = (session, state, { mailbox }) =>
  change(session, state, subscription(mailbox, true));

/** UNSUBSCRIBE, RFC 9051 §6.3.8. */
export const unsubscribe: SessionHandler<'unsubscribe', SignedIn> = (session, state, { mailbox }) =>
  change(session, state, subscription(mailbox, false));
