import { capabilityLine, idLine, namespaceLine } from '../../../shared/imap/responses/server.ts';
import { capabilitiesOf } from '../capabilities.ts';
import type { SessionHandler } from '../dispatch.ts';
import { errorReply } from '../error-reply.ts';
import type { ImapSession } from '../session.ts';
import type { In, Outcome, StateKind } from '../session-state.ts';

type AnyTime = Exclude<StateKind, 'logout'>;

/** CAPABILITY, RFC 9051 §6.1.1. */
export const capability: SessionHandler<'capability', AnyTime> = async (session) => {
  capabilityLine(session.writer, capabilitiesOf(session));
  return { condition: 'OK', text: 'That is all' };
};

/** NOOP, RFC 9051 §6.1.2: one read of the log's tail; the session tells what is new. */
export const noop: SessionHandler<'noop', AnyTime> = async (session, state) =>
  state.kind === 'notAuthenticated' ? { condition: 'OK', text: 'Done' } : lookAnew(session, state);

/** CHECK, RFC 3501 §6.4.1: there is nothing that is not durable already. */
export const check: SessionHandler<'check', 'selected'> = (session, state) => lookAnew(session, state);

async function lookAnew(
  session: ImapSession,
  { account }: In<'authenticated'> | In<'selected'>,
): Promise<Outcome> {
  const refreshed = await account.refresh();
  return refreshed.ok ? { condition: 'OK', text: 'Done' } : errorReply(refreshed.error, session.log);
}

/** LOGOUT, RFC 9051 §6.1.3. */
export const logout: SessionHandler<'logout', AnyTime> = async (session) => {
  session.bye('Goodbye', 'logout');
  return { condition: 'OK', text: 'Signed out' };
};

/** ID, RFC 2971. */
export const id: SessionHandler<'id', AnyTime> = async (session) => {
  idLine(session.writer, [
    ['name', 'Restante'],
    ['version', session.service.options.version],
  ]);
  return { condition: 'OK', text: 'Pleased to meet you' };
};

/** NAMESPACE, RFC 9051 §6.3.10: all mailboxes are the user's own. */
export const namespace: SessionHandler<'namespace', 'authenticated' | 'selected'> = async (session) => {
  namespaceLine(session.writer, [{ prefix: '' }]);
  return { condition: 'OK', text: 'That is all' };
};
