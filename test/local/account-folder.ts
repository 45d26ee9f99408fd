import assert from 'node:assert/strict';
import type { Account } from '../../shared/engine/account.ts';
import type { Address, DomainName } from '../../shared/ports/directory.ts';
import { type LocalEngine, localEngine } from '../support/local-engine.ts';
import { type CommandRun, runCommand } from '../support/run-command.ts';
import { accountRecord } from '../support/signed-in.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** A data folder that a server has open, with anna@example.test in it, and the command line beside it. */
export interface AccountFolder extends LocalEngine {
  readonly folder: string;
  readonly anna: Account;
  run(...args: readonly string[]): Promise<CommandRun>;
  /** An engine that knows nothing of the first, as of a server that starts now. */
  restarted(): Promise<LocalEngine>;
}

export async function accountFolder(): Promise<AccountFolder> {
  const folder = temporaryFolder();
  const local = await localEngine({}, folder);
  const anna = await local.account();
  const { directory, log, blobs, leases, notifier } = local.store;
  await directory.addTenant({ id: 'default', name: 'default', createdAt: 0 });
  await directory.addDomain({ name: 'example.test' as DomainName, tenant: 'default', createdAt: 0 });
  const added = await directory.addAccount(
    accountRecord(anna.id, { address: 'anna@example.test' as Address, displayName: '' }),
  );
  assert.ok(added.ok);
  return {
    ...local,
    folder,
    anna,
    run: (...args) => runCommand(folder, args),
    restarted: () => localEngine({ log, blobs, leases, notifier }),
  };
}
