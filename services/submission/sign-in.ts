import type { SMTPServerAuthentication, SMTPServerOptions, SMTPServerSession } from 'smtp-server';
import type { Authenticator, AuthFailure } from '../../shared/directory/authenticator.ts';
import type { AccountRecord } from '../../shared/ports/directory.ts';
import type { Log } from '../../shared/telemetry/log.ts';
import { SmtpReply } from '../inbound/smtp-reply.ts';

type Wording = { readonly [K in AuthFailure['kind']]: (e: Extract<AuthFailure, { kind: K }>) => SmtpReply };

/** RFC 4954 §6. */
const wording: Wording = {
  invalid: () => new SmtpReply(535, '5.7.8', 'User name or password is wrong'),
  suspended: () => new SmtpReply(535, '5.7.8', 'This account is suspended'),
  protocolOff: () => new SmtpReply(535, '5.7.8', 'Sending is switched off for this account'),
  busy: () => new SmtpReply(454, '4.7.0', 'Too many sign-ins at once, please try again later'),
  throttled: ({ retryAfterMs }) =>
    new SmtpReply(
      454,
      '4.7.0',
      `Too many failed sign-ins, please wait ${Math.max(1, Math.ceil(retryAfterMs / 1000))} seconds`,
    ),
};

/** Failed attempts after which a connection ends. */
const maxFailures = 5;

/** AUTH PLAIN and LOGIN (RFC 4954); the session's user is then the account. */
export function signIn(authenticator: Authenticator, log: Log): NonNullable<SMTPServerOptions['onAuth']> {
  const failures = new WeakMap<SMTPServerSession, number>();

  async function attempt(
    auth: SMTPServerAuthentication,
    session: SMTPServerSession,
  ): Promise<AccountRecord | SmtpReply> {
    const { username = '', password, method, authzid = '' } = auth;
    if (authzid !== '' && authzid !== username)
      return new SmtpReply(535, '5.7.8', 'Nobody signs in for another');
    try {
      const outcome = await authenticator.signIn({
        address: username,
        password: password ?? '',
        protocol: 'submission',
        mechanism: method,
        remote: session.remoteAddress,
      });
      return outcome.ok
        ? outcome.value
        : (wording[outcome.error.kind] as (e: AuthFailure) => SmtpReply)(outcome.error);
    } catch (cause) {
      log.error({ event: 'account.unavailable' }, cause);
      return new SmtpReply(454, '4.7.0', 'Please try again later');
    }
  }

  return (auth, session, callback) => {
    void attempt(auth, session).then((outcome) => {
      if (!(outcome instanceof SmtpReply)) return callback(null, { user: outcome });
      const count = (failures.get(session) ?? 0) + 1;
      failures.set(session, count);
      const last = new SmtpReply(421, '4.7.0', 'Too many failed sign-ins');
      callback(count >= maxFailures ? last : outcome);
    });
  };
}
