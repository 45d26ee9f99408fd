import type { AuthFailure } from '../../shared/directory/authenticator.ts';
import type { MailError } from '../../shared/engine/mail-error.ts';
import type { Log } from '../../shared/telemetry/log.ts';
import { type Outcome, refuse } from './session-state.ts';

type Wording<E extends { readonly kind: string }> = {
  readonly [K in E['kind']]: (e: Extract<E, { kind: K }>) => Outcome;
};

/** Response codes: RFC 3206 §4. A cause is logged, never sent. What a maildrop cannot meet is a fault of ours. */
const mailWording: Wording<MailError> = {
  noSuchMailbox: () => refuse('There is no maildrop', 'SYS/PERM'),
  mailboxExists: () => refuse('This cannot be done', 'SYS/PERM'),
  hasChildren: () => refuse('This cannot be done', 'SYS/PERM'),
  specialUseTaken: () => refuse('This cannot be done', 'SYS/PERM'),
  badMailboxName: () => refuse('This cannot be done', 'SYS/PERM'),
  notPossible: () => refuse('This cannot be done', 'SYS/PERM'),
  overQuota: () => refuse('The account is full', 'SYS/PERM'),
  limit: () => refuse('A limit of the account is reached', 'SYS/PERM'),
  tooLarge: () => refuse('The message is too large', 'SYS/PERM'),
  unavailable: () => refuse('Please try again later', 'SYS/TEMP'),
  unsettled: () => ({ kind: 'unsettled' }),
};

export function errorReply(error: MailError, log: Log): Outcome {
  if (error.kind === 'unavailable' || error.kind === 'unsettled')
    log.error({ event: 'account.unavailable' }, error.cause);
  return (mailWording[error.kind] as (e: MailError) => Outcome)(error);
}

/**
 * AUTH is for what the user must see to (RFC 3206 §4); LOGIN-DELAY is taken by clients as "not now", without asking for the
 * password again.
 */
const authWording: Wording<AuthFailure> = {
  invalid: () => refuse('User name or password is wrong', 'AUTH'),
  suspended: () => refuse('This account is suspended', 'AUTH'),
  protocolOff: () => refuse('POP3 is switched off for this account', 'AUTH'),
  busy: () => refuse('Too many sign-ins at once, please try again later', 'SYS/TEMP'),
  throttled: (e) =>
    refuse(
      `Too many failed sign-ins, please wait ${Math.max(1, Math.ceil(e.retryAfterMs / 1000))} seconds`,
      'LOGIN-DELAY',
    ),
};

export const authReply = (failure: AuthFailure): Outcome =>
  (authWording[failure.kind] as (e: AuthFailure) => Outcome)(failure);
