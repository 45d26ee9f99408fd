import type { AccountRecord, Directory, Protocol } from '../ports/directory.ts';
import { err, ok, type Result } from '../result.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { parseAddress } from './address.ts';
import { appPasswordOf } from './app-password.ts';
import { preparePassword } from './password-hash.ts';
import type { PasswordHasher } from './password-hasher.ts';
import type { RememberedPasswords } from './remembered-passwords.ts';
import { SignInDays } from './sign-in-days.ts';
import type { SignInThrottle } from './sign-in-throttle.ts';
import type { SignedIn } from './signed-in.ts';

export interface SignInAttempt {
  /** What the client gave as user name: the account's address. */
  readonly address: string;
  readonly password: string;
  readonly protocol: Protocol;
  /** For the log: LOGIN, PLAIN, USER … */
  readonly mechanism: string;
  readonly remote: string;
}

export type AuthFailure =
  /** No such account or not its password; never said which, neither in words nor in time taken. */
  | { readonly kind: 'invalid' }
  /** The password is right, the account is not to be used. */
  | { readonly kind: 'suspended' }
  | { readonly kind: 'protocolOff'; readonly protocol: Protocol }
  /** Too many sign-ins wait already; nothing was looked at. */
  | { readonly kind: 'busy' }
  /** Too many failures; nothing was looked at, and trying before that time costs nothing more. */
  | { readonly kind: 'throttled'; readonly retryAfterMs: number };

/** Sign-in by address and password. Rejects only where the directory itself cannot be asked. */
export interface Authenticator {
  /** `log`, where given, is the session's, so that the line carries its fields. */
  signIn(attempt: SignInAttempt, log?: Log): Promise<Result<SignedIn, AuthFailure>>;
}

export interface AuthenticatorOptions {
  readonly directory: Pick<Directory, 'accountByAddress' | 'noteSignIn'>;
  readonly hasher: PasswordHasher;
  readonly remembered: RememberedPasswords;
  readonly throttle: SignInThrottle;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly now?: () => number;
}

type Verification = Result<boolean, AuthFailure>;

/** What stands for an account in the marks of addresses that have none, so that those are shared and hashed alike. */
const nobody = (address: string) => ({ id: `?${address}` as AccountRecord['id'], credentialVersion: 0 });

export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { directory, hasher, remembered, throttle, metrics, now = Date.now } = options;
  const outcomes = metrics.counter('restante_sign_ins_total', 'Sign-ins by outcome', ['protocol', 'outcome']);
  const days = new SignInDays(directory, options.log);
  const underWay = new Map<string, Promise<Verification>>();

  async function verify(
    user: string,
    remote: string,
    password: string,
    hash: string | undefined,
  ): Promise<Verification> {
    const waitMs = () => throttle.waitMs(user, remote, now());
    const verified = await hasher.verify(password, hash, {
      // Asked again when the turn has come: guesses that were sent all at once find the first ones counted.
      wanted: () => waitMs() === 0,
      verified: (fits) => throttle[fits ? 'succeeded' : 'failed'](user, remote, now()),
    });
    if (verified.ok) return verified;
    if (verified.error === 'busy') return err({ kind: 'busy' });
    return err({ kind: 'throttled', retryAfterMs: waitMs() });
  }

  /** Sign-ins with the same password from the same place that come at once share one hash, and count as one failure. */
  function verifyOnce(key: string, run: () => Promise<Verification>): Promise<Verification> {
    const shared = underWay.get(key);
    if (shared) return shared;
    const verification = run().finally(() => underWay.delete(key));
    underWay.set(key, verification);
    return verification;
  }

  interface Decision {
    readonly account: AccountRecord | undefined;
    readonly remembered: boolean;
    readonly outcome: Result<SignedIn, AuthFailure>;
  }
  const refuse = (failure: AuthFailure, account?: AccountRecord): Decision => ({
    account,
    remembered: false,
    outcome: err(failure),
  });

  async function decide(attempt: SignInAttempt): Promise<Decision> {
    const { protocol, remote } = attempt;
    const parsed = parseAddress(attempt.address);
    const password = preparePassword(attempt.password);
    if (!parsed.ok || password === undefined) return refuse({ kind: 'invalid' });
    const user = parsed.value.address;
    const retryAfterMs = throttle.waitMs(user, remote, now());
    if (retryAfterMs > 0) return refuse({ kind: 'throttled', retryAfterMs });

    const account = await directory.accountByAddress(user);
    const mark = remembered.mark(account ?? nobody(user), password);
    const appPassword = account && appPasswordOf(account, password);
    // Asked for nobody's mark, too: an address that is ours must not take longer.
    const known = appPassword === undefined && (await remembered.has(mark, now())) && account !== undefined;
    if (appPassword !== undefined) throttle.succeeded(user, remote, now());
    else if (!known) {
      const verified = await verifyOnce(`${remote}\0${mark}`, () =>
        verify(user, remote, password, account?.passwordHash),
      );
      if (!verified.ok) return refuse(verified.error, account);
      if (!verified.value || account === undefined) return refuse({ kind: 'invalid' }, account);
      remembered.remember(mark, now());
    } else throttle.succeeded(user, remote, now());
    if (account === undefined) return refuse({ kind: 'invalid' });
    if (account.status === 'suspended') return refuse({ kind: 'suspended' }, account);
    if (!account.protocols.includes(protocol)) return refuse({ kind: 'protocolOff', protocol }, account);
    return { account, remembered: known, outcome: ok({ account, appPassword: appPassword?.id }) };
  }

  return {
    async signIn(attempt, log = options.log) {
      const { account, remembered: known, outcome } = await decide(attempt);
      const { protocol, mechanism, remote } = attempt;
      if (outcome.ok) {
        outcomes.add({ protocol, outcome: 'ok' });
        days.note(outcome.value.account, protocol, now());
        log.info({
          event: 'auth.ok',
          protocol,
          mechanism,
          account: outcome.value.account.id,
          remote,
          remembered: known,
          appPassword: outcome.value.appPassword,
        });
      } else {
        const reason = outcome.error.kind;
        outcomes.add({ protocol, outcome: reason });
        log.warn({ event: 'auth.failed', protocol, mechanism, account: account?.id, remote, reason });
      }
      return outcome;
    },
  };
}
