import type { SessionHandler } from '../dispatch.ts';
import { plaintextRefusal, signIn } from '../sign-in.ts';

/** LOGIN, RFC 9051 §6.2.3. */
export const login: SessionHandler<'login', 'notAuthenticated'> = async (session, _state, command) =>
  plaintextRefusal(session) ?? signIn(session, 'LOGIN', command.user, command.password);
