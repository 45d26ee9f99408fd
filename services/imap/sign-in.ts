import type { AuthFailure } from '../../shared/directory/authenticator.ts';
import { sessionsPerAccount } from '../../shared/directory/signed-in.ts';
import { limitsAfterLogin } from '../../shared/imap/line-reader.ts';
import type { PlainCode } from '../../shared/imap/responses/status.ts';
import { capabilitiesOf, mayTakePasswords } from './capabilities.ts';
import { errorReply } from './error-reply.ts';
import type { ImapSession } from './session.ts';
import type { Outcome, Reply } from './session-state.ts';

const no = (code: PlainCode, text: string): Reply => ({ condition: 'NO', code: { code }, text });

type Wording = { [K in AuthFailure['kind']]: (failure: Extract<AuthFailure, { kind: K }>) => Reply };

/** RFC 9051 §7.1. Where the password was not looked at it is not called wrong: a client would ask its user for another. */
const wording: Wording = {
  invalid: () => no('AUTHENTICATIONFAILED', 'The address or the password is wrong'),
  suspended: () => no('CONTACTADMIN', 'This account is suspended'),
  protocolOff: () => no('CONTACTADMIN', 'IMAP is switched off for this account'),
  busy: () => no('UNAVAILABLE', 'Too many people are signing in, please try again'),
  throttled: ({ retryAfterMs }) =>
    no('UNAVAILABLE', `Too many failed sign-ins, please try again in ${Math.ceil(retryAfterMs / 1000)} s`),
};

/** What a client is told that would send its password in the clear (RFC 9051 §6.2.3); undefined where it may. */
export const plaintextRefusal = (session: ImapSession): Reply | undefined =>
  mayTakePasswords(session) ? undefined : no('PRIVACYREQUIRED', 'Turn on TLS first');

/** Checks address and password and opens the account: the session is then authenticated. */
export async function signIn(
  session: ImapSession,
  mechanism: string,
  address: string,
  password: string,
): Promise<Outcome> {
  const { service, connection, log } = session;
  let outcome: Awaited<ReturnType<typeof service.authenticator.signIn>>;
  try {
    outcome = await service.authenticator.signIn(
      { address, password, protocol: 'imap', mechanism, remote: connection.remoteAddress },
      log,
    );
  } catch (cause) {
    log.error({ event: 'account.unavailable' }, cause);
    return no('UNAVAILABLE', 'Please try again later');
  }
  if (!outcome.ok) {
    session.failures++;
    const { error } = outcome;
    return (wording[error.kind] as (failure: AuthFailure) => Reply)(error);
  }
  const record = outcome.value.account;
  const entered = service.sessions.enter(outcome.value, 'imap', session);
  if (!entered.ok)
    return no(
      'LIMIT',
      `This account has ${sessionsPerAccount} connections already, which is the most there may be`,
    );
  session.leaveAccount = entered.value;
  const opened = await service.engine.open(record.id);
  if (!opened.ok) {
    session.release();
    return errorReply(opened.error, log);
  }
  session.hold = opened.value;
  const { account } = opened.value;
  session.state = { kind: 'authenticated', account, record };
  session.failures = 0;
  session.input.deadline = undefined;
  session.input.reader.limits = limitsAfterLogin;
  connection.setIdleTimeout(service.options.idleTimeoutMs);
  return {
    condition: 'OK',
    code: { code: 'CAPABILITY', capabilities: capabilitiesOf(session) },
    text: 'Signed in',
  };
}
