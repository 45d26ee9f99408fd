import type { ProvisioningError } from '../../shared/directory/provisioning.ts';
import type { AccountRecord } from '../../shared/ports/directory.ts';
import { ok, type Result } from '../../shared/result.ts';
import type { Data } from './assemble.ts';

/** Removes an account from the directory; maintenance deletes its mail. One that cannot be read any more goes too. */
export async function removeAccount(
  { engine, provisioning }: Pick<Data, 'engine' | 'provisioning'>,
  address: string,
): Promise<Result<AccountRecord, ProvisioningError>> {
  return provisioning.removeAccount(address, async ({ id }) => {
    const last = await engine.with(id, async ({ state }) => ok(state.lastUidValidity));
    return last.ok ? last.value : undefined;
  });
}
