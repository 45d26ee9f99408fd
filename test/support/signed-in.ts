import { type SignedIn, SignedInSessions } from '../../shared/directory/signed-in.ts';
import type { AccountRecord } from '../../shared/ports/directory.ts';
import { ok } from '../../shared/result.ts';
import { silentLog } from '../../shared/telemetry/log.ts';

/** Sessions whose sign-ins hold for ever. */
export const lastingSessions = (): SignedInSessions =>
  new SignedInSessions({
    directory: { account: async () => undefined, watchAccounts: () => () => {} },
    log: silentLog,
  });

/** What an authenticator says to the account's own password. */
export const signedInAs = (account: AccountRecord) => ok<SignedIn>({ account, appPassword: undefined });
