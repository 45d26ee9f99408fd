import { explainProvisioningError } from '../../shared/directory/provisioning.ts';
import { appendMessages } from '../../shared/engine/actions.ts';
import type { StagedMessage } from '../../shared/engine/stage.ts';
import type { AccountRecord } from '../../shared/ports/directory.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { addAccount } from './add-account.ts';
import type { Data } from './assemble.ts';
import type { GuideAccount } from './connection-guide.ts';
import { describeMailError } from './describe-mail-error.ts';
import { welcomeMessages } from './welcome-messages.ts';

const demoDomain = 'example.test';
const demoPeople = [
  { local: 'alice', name: 'Alice Example' },
  { local: 'bob', name: 'Bob Example' },
];

/** True where nobody has used the folder yet. */
export async function isUnused({ store }: Data): Promise<boolean> {
  return (await store.directory.domains()).items.length === 0;
}

/** Makes the example domain and accounts, with mail in them. The error is one line. */
export async function makeDemoAccounts(data: Data): Promise<Result<readonly GuideAccount[], string>> {
  const domain = await data.provisioning.addDomain(demoDomain);
  if (!domain.ok) return err(explainProvisioningError(domain.error));
  const accounts: GuideAccount[] = [];
  for (const { local, name } of demoPeople) {
    const address = `${local}@${demoDomain}`;
    const added = await addAccount(data, { address, displayName: name });
    if (!added.ok) return err(explainProvisioningError(added.error));
    const delivered = await deliverWelcome(data, added.value.account);
    if (!delivered.ok) return delivered;
    accounts.push({ address, password: added.value.password });
  }
  return ok(accounts);
}

async function deliverWelcome(
  { engine }: Data,
  { id, address, displayName }: AccountRecord,
): Promise<Result<void, string>> {
  const messages = await welcomeMessages({ address, name: displayName }, Date.now());
  const delivered = await engine.with(id, async (account) => {
    const staged: StagedMessage[] = [];
    for (const message of messages) {
      const outcome = await account.stage(message);
      if (!outcome.ok) return outcome;
      staged.push(outcome.value);
    }
    const requests = staged.map((message, i) => ({
      message,
      flags: [],
      internalDate: message.stagedAt - 60 * (staged.length - i),
      deliveryId: `welcome/${i}`,
    }));
    return account.commit(appendMessages('INBOX', requests));
  });
  return delivered.ok ? ok(undefined) : err(describeMailError(delivered.error));
}
