import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { type AccountId, newAccountId, systemEntropy } from '../../shared/ids.ts';
import type { AccountRecord, Address, Directory, DomainName } from '../../shared/ports/directory.ts';
import type { DirectoryGround } from './directory-ground.ts';

/** What every Directory promises to those who watch its accounts. `make` gives an empty one that looks for news often, and cleans up by `t.after`. */
export function directoryWatchContract(make: (t: TestContext) => Promise<DirectoryGround>): void {
  describe('Directory, watched', () => {
    const changes: readonly (readonly [string, (directory: Directory, id: AccountId) => Promise<unknown>])[] =
      [
        ['a new password', (directory, id) => directory.updateAccount(id, { passwordHash: 'h' })],
        ['no password any more', (directory, id) => directory.updateAccount(id, { passwordHash: undefined })],
        ['suspension', (directory, id) => directory.updateAccount(id, { status: 'suspended' })],
        ['a protocol that is off', (directory, id) => directory.updateAccount(id, { protocols: ['imap'] })],
        ['an app password that is gone', (directory, id) => directory.removeAppPassword(id, appPassword.id)],
        ['removal', (directory, id) => directory.removeAccount(id, 0)],
      ];

    test('a watcher hears of every change that concerns sessions before the change is done', async (t) => {
      const { directory } = await make(t);
      for (const [what, change] of changes) {
        const account = await added(directory);
        const heard: (AccountId | 'all')[] = [];
        const end = directory.watchAccounts((changed) => heard.push(changed));
        await change(directory, account.id);
        assert.ok(heard.includes(account.id), what);
        end();
      }
    });

    test('a watcher hears what another process changed, and reads it then', async (t) => {
      const { directory, another } = await make(t);
      const other = await another();
      for (const [what, change] of changes) {
        const account = await added(other);
        const before = await directory.account(account.id);
        const heard = Promise.withResolvers<void>();
        const end = directory.watchAccounts((changed) => {
          if (changed === account.id) heard.resolve();
        });
        await change(other, account.id);
        await heard.promise;
        assert.notDeepEqual(await directory.account(account.id), before, what);
        end();
      }
    });

    test('what no session need know of is not told, nor what was before', async (t) => {
      const { directory, another } = await make(t);
      const other = await another();
      const [old, account, last] = [await added(other), await added(other), await added(other)];
      await other.updateAccount(old.id, { status: 'suspended' });
      const end = Promise.withResolvers<void>();
      const heard = new Set<AccountId | 'all'>();
      directory.watchAccounts((changed) => {
        heard.add(changed);
        if (changed === last.id) end.resolve();
      });
      await other.updateAccount(account.id, { displayName: 'Other', pop3Deletion: 'hide' });
      await other.addAppPassword(account.id, { ...appPassword, id: 'another' });
      await other.updateAccount(last.id, { status: 'suspended' });
      await end.promise;
      assert.ok(!heard.has(account.id));
    });
  });
}

const appPassword = { id: 'phone', name: 'phone', hash: 'ab'.repeat(32), createdAt: 1 };
const domain = 'watched.test' as DomainName;

async function added(directory: Directory): Promise<AccountRecord> {
  await directory.addTenant({ id: 'tenant', name: 'tenant', createdAt: 1 });
  await directory.addDomain({ name: domain, tenant: 'tenant', createdAt: 1 });
  const id = newAccountId(systemEntropy);
  const account: AccountRecord = {
    id,
    address: `${id.toLowerCase()}@${domain}` as Address,
    tenant: 'tenant',
    displayName: 'Somebody',
    status: 'active',
    protocols: ['imap', 'pop3'],
    pop3Deletion: 'expunge',
    passwordHash: 'hash',
    credentialVersion: 1,
    appPasswords: [],
    createdAt: 1,
  };
  assert.ok((await directory.addAccount(account)).ok);
  assert.ok((await directory.addAppPassword(id, appPassword)).ok);
  return account;
}
