import type { AddedAccount, NewAccount, ProvisioningError } from '../../shared/directory/provisioning.ts';
import { initialiseAccount } from '../../shared/engine/mailbox-actions.ts';
import type { AccountId } from '../../shared/ids.ts';
import type { Result } from '../../shared/result.ts';
import type { Data } from './assemble.ts';
import { describeMailError } from './describe-mail-error.ts';

/** What an account is made with; `quota` in bytes, undefined for no limit. */
export interface AccountRequest extends NewAccount {
  readonly quota?: number | undefined;
}

/**
 * Makes an account. Its log gets its first entry before the directory knows of it: whoever can sign in finds an INBOX, and a
 * crash in between leaves a log that nobody can name. Throws where the store fails.
 */
export async function addAccount(
  { engine, provisioning, store }: Pick<Data, 'engine' | 'provisioning' | 'store'>,
  { quota, ...request }: AccountRequest,
): Promise<Result<AddedAccount, ProvisioningError>> {
  let prepared: AccountId | undefined;
  const added = await provisioning.addAccount(request, async ({ id }, uidValidityFloor) => {
    prepared = id;
    const made = await engine.with(
      id,
      (account) => account.commit(initialiseAccount(quota, uidValidityFloor)),
      'perhapsEmpty',
    );
    if (!made.ok) throw new Error(describeMailError(made.error));
  });
  // Somebody else took the address at the same moment.
  if (!added.ok && prepared !== undefined) await store.log.drop(prepared);
  return added;
}
