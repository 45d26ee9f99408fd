import { decodeBase64 } from '../../../shared/imap/parse/session.ts';
import { continuation } from '../../../shared/imap/responses/status.ts';
import type { SessionHandler, SessionOutcome } from '../dispatch.ts';
import type { ImapSession } from '../session.ts';
import { plaintextRefusal, signIn } from '../sign-in.ts';

/** AUTHENTICATE PLAIN, RFC 9051 §6.2.2, RFC 4616, with the initial response of RFC 4959. */
export const authenticate: SessionHandler<'authenticate', 'notAuthenticated'> = async (
  session,
  _state,
  { mechanism, initialResponse },
) => {
  if (mechanism !== 'PLAIN') return { condition: 'NO', text: 'Only the mechanism PLAIN is offered' };
  const refusal = plaintextRefusal(session);
  if (refusal) return refusal;
  const response = initialResponse ?? (await askForResponse(session));
  if (!(response instanceof Uint8Array)) return response;
  const parts = parsePlain(response);
  if (parts === undefined) return { condition: 'BAD', text: 'That is not a response of PLAIN' };
  const { authzid, authcid, password } = parts;
  if (authzid !== '' && authzid !== authcid)
    return {
      condition: 'NO',
      code: { code: 'AUTHORIZATIONFAILED' },
      text: 'Acting for somebody else is not possible',
    };
  return signIn(session, 'PLAIN', authcid, password);
};

async function askForResponse(session: ImapSession): Promise<Uint8Array | SessionOutcome> {
  continuation(session.writer);
  await session.flush();
  const line = await session.input.line();
  if (line.kind === 'fatal') return { condition: 'bye', text: line.text, end: 'refused' };
  const text = Buffer.from(line.bytes).toString('latin1').trim();
  if (text === '*') return { condition: 'BAD', text: 'Cancelled as you wish' };
  return decodeBase64(text) ?? { condition: 'BAD', text: 'That is not base64' };
}

/** RFC 4616 §2: [authzid] NUL authcid NUL passwd, in UTF-8. */
function parsePlain(response: Uint8Array) {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(response);
  } catch {
    return undefined;
  }
  const [authzid, authcid, password, ...more] = text.split('\0');
  if (authzid === undefined || !authcid || password === undefined || more.length > 0) return undefined;
  return { authzid, authcid, password };
}
