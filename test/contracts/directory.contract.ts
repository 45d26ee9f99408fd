import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Address, DomainName } from '../../shared/ports/directory.ts';
import { accountsContract } from './directory-accounts.contract.ts';
import {
  account,
  address,
  alias,
  domain,
  done,
  type MakeDirectory,
  refused,
  tenant,
  withDomain,
} from './directory-ground.ts';
import { listsContract } from './directory-lists.contract.ts';

/** What every Directory promises: tenants, domains and aliases here. */
export function directoryContract(make: MakeDirectory): void {
  const open = withDomain(make);

  describe('Directory', () => {
    test('tenants are added once and listed', async (t) => {
      const { directory } = await make(t);
      assert.deepEqual(await directory.tenants(), { items: [], next: undefined });
      assert.deepEqual(await directory.addTenant(tenant), done);
      assert.deepEqual(await directory.addTenant(tenant), refused('exists', tenant.id));
      assert.deepEqual((await directory.tenants()).items, [tenant]);
    });

    test('a tenant is found, and goes when it has no domain', async (t) => {
      const { directory } = await open(t);
      assert.deepEqual(await directory.tenant(tenant.id), tenant);
      assert.equal(await directory.tenant('nobody'), undefined);
      assert.deepEqual(await directory.removeTenant(tenant.id), refused('notEmpty', tenant.id));
      await directory.removeDomain('example.test' as DomainName);
      assert.deepEqual(await directory.removeTenant(tenant.id), done);
      assert.deepEqual(await directory.removeTenant(tenant.id), refused('notFound', tenant.id));
      assert.equal(await directory.tenant(tenant.id), undefined);
    });

    test('domains belong to a tenant, are added once and found', async (t) => {
      const { directory } = await make(t);
      assert.deepEqual(await directory.addDomain(domain('example.test')), refused('notFound', tenant.id));
      await directory.addTenant(tenant);
      assert.deepEqual(await directory.addDomain(domain('example.test')), done);
      assert.deepEqual(await directory.addDomain(domain('example.test')), refused('exists', 'example.test'));
      assert.deepEqual(await directory.domain('example.test' as DomainName), domain('example.test'));
      assert.equal(await directory.domain('other.test' as DomainName), undefined);
      await directory.addDomain(domain('bücher.test'));
      assert.deepEqual(
        (await directory.domains()).items.map(({ name }) => name),
        ['bücher.test', 'example.test'],
      );
    });

    test('a domain goes when nobody is in it', async (t) => {
      const { directory } = await open(t);
      const name = 'example.test' as DomainName;
      const alice = account('alice@example.test');
      await directory.addAccount(alice);
      await directory.addAlias(alias('post@example.test'));
      assert.deepEqual(await directory.removeDomain(name), refused('notEmpty', name));
      await directory.removeAccount(alice.id, 0);
      assert.deepEqual(await directory.removeDomain(name), refused('notEmpty', name));
      await directory.removeAlias(address('post@example.test'));
      assert.deepEqual(await directory.removeDomain(name), done);
      assert.equal(await directory.domain(name), undefined);
      assert.deepEqual(await directory.removeDomain(name), refused('notFound', name));
    });

    test('accounts and aliases share one space of addresses', async (t) => {
      const { directory } = await open(t);
      await directory.addAccount(account('alice@example.test'));
      await directory.addAlias(alias('post@example.test'));
      for (const taken of ['alice@example.test', 'post@example.test']) {
        assert.deepEqual(await directory.addAccount(account(taken)), refused('exists', taken));
        assert.deepEqual(await directory.addAlias(alias(taken)), refused('exists', taken));
      }
    });

    test('an alias is found as it was added, and removed', async (t) => {
      const { directory } = await open(t);
      const post = alias('post@example.test');
      assert.deepEqual(await directory.addAlias(post), done);
      assert.deepEqual(await directory.alias(post.address), post);
      assert.deepEqual((await directory.aliases()).items, [post]);
      assert.deepEqual(await directory.removeAlias(post.address), done);
      assert.equal(await directory.alias(post.address), undefined);
      assert.deepEqual(await directory.removeAlias(post.address), refused('notFound', post.address));
    });

    test('an alias leads elsewhere from one moment to the next, and an account is none', async (t) => {
      const { directory } = await open(t);
      const post = alias('post@example.test');
      await directory.addAlias(post);
      const targets = ['other@example.test' as Address];
      const changed = { ...post, targets };
      assert.deepEqual(await directory.changeAlias(post.address, targets), { ok: true, value: changed });
      assert.deepEqual(await directory.alias(post.address), changed);
      assert.deepEqual((await directory.aliases()).items, [changed]);
      const owner = account('owner@example.test');
      await directory.addAccount(owner);
      for (const none of [owner.address, 'nobody@example.test' as Address])
        assert.deepEqual(await directory.changeAlias(none, targets), refused('notFound', none));
    });

    test('a tenant is called otherwise, and keeps what it has', async (t) => {
      const { directory } = await open(t);
      const renamed = { ...tenant, name: 'Another name' };
      assert.deepEqual(await directory.renameTenant(tenant.id, renamed.name), { ok: true, value: renamed });
      assert.deepEqual((await directory.tenants()).items, [renamed]);
      assert.deepEqual(await directory.removeTenant(tenant.id), refused('notEmpty', tenant.id));
      assert.deepEqual(await directory.renameTenant('nobody', 'x'), refused('notFound', 'nobody'));
      assert.equal(await directory.tenant('nobody'), undefined);
    });

    test('a change is visible to another process at once', async (t) => {
      const ground = await open(t);
      const other = await ground.another();
      const alice = account('alice@example.test');
      await ground.directory.addAccount(alice);
      assert.deepEqual(await other.accountByAddress(alice.address), alice);
      await other.updateAccount(alice.id, { status: 'suspended' });
      assert.equal((await ground.directory.account(alice.id))?.status, 'suspended');
    });

    accountsContract(make);
    listsContract(make);
  });
}
