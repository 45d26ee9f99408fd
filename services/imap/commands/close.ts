import type { SessionHandler } from '../dispatch.ts';
import { errorReply } from '../error-reply.ts';
import { advanceView, writeUpdates } from '../updates.ts';
import { expungeAll } from './expunge.ts';

/**
 * CLOSE, RFC 9051 §6.4.1. With QRESYNC its answer carries the mod-sequence up to which the client knows all (RFC 7162 §3.2.8): what
 * others did is told first, and what this very command expunges comes after that number.
 */
export const close: SessionHandler<'close', 'selected'> = async (session, state) => {
  const { account, record, selected } = state;
  const { qresync } = session.enabled;
  if (qresync && advanceView(state) === 'current') await writeUpdates(session, state, 'allowed');
  if (selected.access === 'readWrite') {
    const expunged = await expungeAll(account, selected);
    if (!expunged.ok && expunged.error.kind !== 'noSuchMailbox')
      return errorReply(expunged.error, session.log);
  }
  session.state = { kind: 'authenticated', account, record };
  const modSeq = selected.view.highestModSeq;
  return { condition: 'OK', code: qresync ? { code: 'HIGHESTMODSEQ', modSeq } : undefined, text: 'Closed' };
};

/** UNSELECT, RFC 9051 §6.4.2. */
export const unselect: SessionHandler<'unselect', 'selected'> = async (session, { account, record }) => {
  session.state = { kind: 'authenticated', account, record };
  return { condition: 'OK', text: 'Closed, nothing expunged' };
};
