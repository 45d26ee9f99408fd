import { type SignedIn, SignedInSessions } from '../../shared/directory/signed-in.ts';
import type { AccountId } from '../../shared/ids.ts';
import type { AccountRecord, Address } from '../../shared/ports/directory.ts';
import { ok } from '../../shared/result.ts';
import { silentLog } from '../../shared/telemetry/log.ts';

/** An account's record in the directory. */
export const accountRecord = (id: AccountId, change: Partial<AccountRecord> = {}): AccountRecord => ({
  id,
  address: 'somebody@example.test' as Address,
  tenant: 'default',
  displayName: 'Somebody',
  status: 'active',
  protocols: ['imap', 'pop3', 'submission'],
  pop3Deletion: 'expunge',
  passwordHash: undefined,
  credentialVersion: 1,
  appPasswords: [],
  createdAt: 0,
  ...change,
});

/** Sessions whose sign-ins hold for ever. */
export const lastingSessions = (): SignedInSessions =>
  new SignedInSessions({
    directory: { account: async () => undefined, watchAccounts: () => () => {} },
    log: silentLog,
  });

/** What an authenticator says to the account's own password. */
export const signedInAs = (account: AccountRecord) => ok<SignedIn>({ account, appPassword: undefined });
