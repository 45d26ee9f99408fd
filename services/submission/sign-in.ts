import type { SMTPServerAuthentication, SMTPServerOptions, SMTPServerSession } from 'smtp-server';
import type { Authenticator, AuthFailure } from '../../shared/directory/authenticator.ts';
import {
  type SignedIn,
  type SignedInSessions,
  sessionsPerAccount,
} from '../../shared/directory/signed-in.ts';
import type { Guest } from '../../shared/net/guest.ts';
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

export interface SignInParts {
  readonly authenticator: Authenticator;
  readonly sessions: SignedInSessions;
  readonly log: Log;
}

export interface SubmissionSignIn {
  /** AUTH PLAIN and LOGIN (RFC 4954); the session's user is then the account. `guestOf` finds a connection by its session's id. */
  onAuth(guestOf: (id: string) => Guest | undefined): NonNullable<SMTPServerOptions['onAuth']>;
  /** The session has ended. */
  gone(session: SMTPServerSession): void;
}

export function createSignIn({ authenticator, sessions, log }: SignInParts): SubmissionSignIn {
  const leave = new Map<string, () => void>();
  const gone = ({ id }: SMTPServerSession): void => {
    leave.get(id)?.();
    leave.delete(id);
  };

  /** The account, whose session it is from now on, or why not. */
  function enter(session: SMTPServerSession, guest: Guest | undefined, signedIn: SignedIn) {
    // Gone while the password was looked at.
    if (guest === undefined) return new SmtpReply(454, '4.7.0', 'Please try again later');
    // Signed in before STARTTLS, and now again.
    gone(session);
    const entered = sessions.enter(signedIn, 'submission', guest);
    if (!entered.ok)
      return new SmtpReply(
        454,
        '4.7.0',
        `This account has ${sessionsPerAccount} connections already, which is the most there may be`,
      );
    leave.set(session.id, entered.value);
    return signedIn.account;
  }
  const failures = new WeakMap<SMTPServerSession, number>();

  async function attempt(
    auth: SMTPServerAuthentication,
    session: SMTPServerSession,
    guestOf: (id: string) => Guest | undefined,
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
        ? enter(session, guestOf(session.id), outcome.value)
        : (wording[outcome.error.kind] as (e: AuthFailure) => SmtpReply)(outcome.error);
    } catch (cause) {
      log.error({ event: 'account.unavailable' }, cause);
      return new SmtpReply(454, '4.7.0', 'Please try again later');
    }
  }

  return {
    gone,
    onAuth: (guestOf) => (auth, session, callback) => {
      void attempt(auth, session, guestOf).then((outcome) => {
        if (!(outcome instanceof SmtpReply)) return callback(null, { user: outcome });
        const count = (failures.get(session) ?? 0) + 1;
        failures.set(session, count);
        const last = new SmtpReply(421, '4.7.0', 'Too many failed sign-ins');
        callback(count >= maxFailures ? last : outcome);
      });
    },
  };
}
