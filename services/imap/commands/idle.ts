import { continuation } from '../../../shared/imap/responses/status.ts';
import { ConnectionClosed } from '../../../shared/net/connection.ts';
import type { SessionHandler, SessionOutcome } from '../dispatch.ts';
import { errorReply } from '../error-reply.ts';
import { goodbyes } from '../farewell.ts';
import type { ImapSession } from '../session.ts';
import type { In } from '../session-state.ts';
import { advanceView, hasUpdates, writeUpdates } from '../updates.ts';

/** IDLE, RFC 9051 §6.3.13: tells what others change as it happens, until DONE, which may come with the next commands in one packet. */
export const idle: SessionHandler<'idle', 'authenticated' | 'selected'> = async (session, state) => {
  const { account } = state;
  const refreshed = await account.refresh();
  if (!refreshed.ok) return errorReply(refreshed.error, session.log);
  continuation(session.writer, 'Idling');
  const stop = account.onChange(() => session.input.wake());
  session.idling = true;
  try {
    return await untilDone(session, state);
  } finally {
    session.idling = false;
    stop();
  }
};

async function untilDone(
  session: ImapSession,
  state: In<'authenticated'> | In<'selected'>,
): Promise<SessionOutcome> {
  const { input } = session;
  for (;;) {
    if (state.kind === 'selected') {
      if (advanceView(state) === 'gone') return { condition: 'OK', text: 'The mailbox is gone' };
      if (hasUpdates(state, 'allowed')) await writeUpdates(session, state, 'allowed');
    }
    const line = input.reader.nextLine();
    if (line?.kind === 'fatal') return { condition: 'bye', text: line.text, end: 'refused' };
    if (line !== undefined)
      return /^done\s*$/i.test(Buffer.from(line.bytes).toString('latin1'))
        ? { condition: 'OK', text: 'No longer idling' }
        : { condition: 'BAD', text: 'Expected DONE' };
    await session.flush();
    if (session.farewell !== undefined) return { condition: 'bye', ...goodbyes[session.farewell] };
    const arrival = await input.more();
    if (arrival === 'end') throw new ConnectionClosed('closed');
    if (arrival === 'idle')
      return { condition: 'bye', text: 'Nothing heard from you for too long', end: 'idle' };
  }
}
