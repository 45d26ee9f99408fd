import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { newAccountId, systemEntropy } from '../../shared/ids.ts';
import {
  type AccountRecord,
  type Address,
  type Alias,
  type Directory,
  type Domain,
  type DomainName,
  maxAppPasswords,
  type Page,
} from '../../shared/ports/directory.ts';

export interface DirectoryGround {
  readonly directory: Directory;
  /** The same data seen by another process. */
  another(): Promise<Directory>;
}

/** What every Directory promises. `make` gives an empty one and cleans up by `t.after`. */
export function directoryContract(make: (t: TestContext) => Promise<DirectoryGround>): void {
  const withDomain = async (t: TestContext): Promise<DirectoryGround> => {
    const ground = await make(t);
    await ground.directory.addTenant(tenant);
    await ground.directory.addDomain(domain('example.test'));
    return ground;
  };

  describe('Directory', () => {
    test('tenants are added once and listed', async (t) => {
      const { directory } = await make(t);
      assert.deepEqual(await directory.tenants(), { items: [], next: undefined });
      assert.deepEqual(await directory.addTenant(tenant), done);
      assert.deepEqual(await directory.addTenant(tenant), refused('exists', tenant.id));
      assert.deepEqual((await directory.tenants()).items, [tenant]);
    });

    test('a tenant is found, and goes when it has no domain', async (t) => {
      const { directory } = await withDomain(t);
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
      const { directory } = await withDomain(t);
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

    test('an account is found by id and by address, as it was added', async (t) => {
      const { directory } = await withDomain(t);
      const alice = account('alice@example.test');
      const bob = { ...account('bób@example.test'), passwordHash: undefined, protocols: [] };
      for (const one of [alice, bob]) {
        assert.deepEqual(await directory.addAccount(one), done);
        assert.deepEqual(await directory.account(one.id), one);
        assert.deepEqual(await directory.accountByAddress(one.address), one);
      }
      assert.equal(await directory.account(newAccountId(systemEntropy)), undefined);
      assert.equal(await directory.accountByAddress(address('nobody@example.test')), undefined);
    });

    test('an account needs a domain of ours', async (t) => {
      const { directory } = await withDomain(t);
      const stranger = account('alice@other.test');
      assert.deepEqual(await directory.addAccount(stranger), refused('notFound', 'other.test'));
      assert.deepEqual(await directory.addAlias(alias('post@other.test')), refused('notFound', 'other.test'));
      assert.equal(await directory.account(stranger.id), undefined);
    });

    test('accounts and aliases share one space of addresses', async (t) => {
      const { directory } = await withDomain(t);
      await directory.addAccount(account('alice@example.test'));
      await directory.addAlias(alias('post@example.test'));
      for (const taken of ['alice@example.test', 'post@example.test']) {
        assert.deepEqual(await directory.addAccount(account(taken)), refused('exists', taken));
        assert.deepEqual(await directory.addAlias(alias(taken)), refused('exists', taken));
      }
    });

    test('of those who want one address at once one gets it', async (t) => {
      const ground = await withDomain(t);
      const other = await ground.another();
      const wanted = 'wanted@example.test';
      const outcomes = await Promise.all([
        ground.directory.addAccount(account(wanted)),
        other.addAccount(account(wanted)),
        ground.directory.addAlias(alias(wanted)),
        other.addAlias(alias(wanted)),
      ]);
      assert.equal(outcomes.filter(({ ok }) => ok).length, 1);
    });

    test('a change leaves the other fields alone', async (t) => {
      const { directory } = await withDomain(t);
      const alice = account('alice@example.test');
      await directory.addAccount(alice);
      const changed = { ...alice, status: 'suspended', pop3Deletion: 'hide' } as const;
      const outcome = await directory.updateAccount(alice.id, { status: 'suspended', pop3Deletion: 'hide' });
      assert.deepEqual(outcome, { ok: true, value: changed });
      assert.deepEqual(await directory.account(alice.id), changed);
      const renamed = { ...changed, displayName: 'A', protocols: ['imap'] as const };
      await directory.updateAccount(alice.id, { displayName: 'A', protocols: ['imap'], status: undefined });
      assert.deepEqual(await directory.account(alice.id), renamed);
      const nobody = newAccountId(systemEntropy);
      assert.deepEqual(await directory.updateAccount(nobody, {}), refused('notFound', nobody));
    });

    test('forwarding is set, left alone by other changes, and ended by an empty one', async (t) => {
      const { directory } = await withDomain(t);
      const alice = account('alice@example.test');
      await directory.addAccount(alice);
      const forwarding = { targets: ['bob@example.test' as Address], keep: false };
      const changed = { ...alice, forwarding };
      assert.deepEqual(await directory.updateAccount(alice.id, { forwarding }), { ok: true, value: changed });
      await directory.updateAccount(alice.id, { status: 'active' });
      assert.deepEqual(await directory.accountByAddress(alice.address), changed);
      assert.deepEqual((await directory.accounts()).items, [changed]);
      await directory.updateAccount(alice.id, { forwarding: { targets: [], keep: true } });
      assert.deepEqual(await directory.account(alice.id), alice);
    });

    test('the credential version grows with every change of the password', async (t) => {
      const { directory } = await withDomain(t);
      const alice = account('alice@example.test');
      await directory.addAccount(alice);
      await directory.updateAccount(alice.id, { displayName: 'Alice B.' });
      assert.equal((await directory.account(alice.id))?.credentialVersion, 1);
      await directory.updateAccount(alice.id, { passwordHash: '$argon2id$other' });
      await directory.updateAccount(alice.id, { passwordHash: undefined });
      const now = await directory.account(alice.id);
      assert.equal(now?.credentialVersion, 3);
      assert.equal(now?.passwordHash, undefined);
      await Promise.all(
        Array.from({ length: 5 }, () => directory.updateAccount(alice.id, { passwordHash: 'h' })),
      );
      assert.equal((await directory.account(alice.id))?.credentialVersion, 8);
    });

    test('app passwords are added and removed one by one, by many at once, up to a bound', async (t) => {
      const { directory } = await withDomain(t);
      const alice = account('alice@example.test');
      await directory.addAccount(alice);
      const made = Array.from({ length: maxAppPasswords }, (_, i) => ({
        id: `id${String(i).padStart(2, '0')}`,
        name: `phone ${i}`,
        hash: 'ab'.repeat(32),
        createdAt: 1000 + i,
      }));
      const first = await directory.addAppPassword(alice.id, made[0]!);
      assert.deepEqual(first, { ok: true, value: { ...alice, appPasswords: [made[0]] } });
      await Promise.all(made.slice(1).map((one) => directory.addAppPassword(alice.id, one)));
      const all = (await directory.account(alice.id))?.appPasswords ?? [];
      assert.deepEqual(
        [...all].sort((a, b) => a.createdAt - b.createdAt),
        made,
      );
      const more = { ...made[0]!, id: 'more' };
      assert.deepEqual(await directory.addAppPassword(alice.id, more), refused('full', alice.address));
      await directory.updateAccount(alice.id, { displayName: 'Alice B.', passwordHash: 'h' });
      await Promise.all(made.slice(1).map(({ id }) => directory.removeAppPassword(alice.id, id)));
      const left = await directory.accountByAddress(alice.address);
      assert.deepEqual(left?.appPasswords, [made[0]]);
      assert.deepEqual(await directory.removeAppPassword(alice.id, 'id01'), refused('notFound', 'id01'));
      const nobody = newAccountId(systemEntropy);
      assert.deepEqual(await directory.addAppPassword(nobody, more), refused('notFound', nobody));
      assert.deepEqual(await directory.removeAppPassword(nobody, 'id00'), refused('notFound', nobody));
    });

    test('the last day of a sign-in is kept for each protocol, and an earlier one is not', async (t) => {
      const { directory, another } = await withDomain(t);
      const other = await another();
      const alice = account('alice@example.test');
      await directory.addAccount(alice);
      await directory.noteSignIn(alice, 'imap', '2026-11-28');
      assert.deepEqual(await other.account(alice.id), { ...alice, lastSignIn: { imap: '2026-11-28' } });
      await Promise.all([
        other.noteSignIn(alice, 'imap', '2026-11-27'),
        directory.noteSignIn(alice, 'imap', '2026-11-29'),
        other.noteSignIn(alice, 'imap', '2026-11-29'),
        other.noteSignIn(alice, 'pop3', '2025-01-01'),
        directory.noteSignIn(alice, 'submission', '2026-12-01'),
      ]);
      const lastSignIn = { imap: '2026-11-29', pop3: '2025-01-01', submission: '2026-12-01' };
      assert.deepEqual(await directory.accountByAddress(alice.address), { ...alice, lastSignIn });
      await directory.updateAccount(alice.id, { displayName: 'A' });
      assert.deepEqual((await other.accounts()).items, [{ ...alice, displayName: 'A', lastSignIn }]);
      const moved = { ...account('carol@example.test'), lastSignIn };
      await directory.addAccount(moved);
      assert.deepEqual(await other.account(moved.id), moved);
    });

    test('a sign-in to an account that is gone is noted nowhere', async (t) => {
      const { directory } = await withDomain(t);
      const alice = account('alice@example.test');
      await directory.noteSignIn(alice, 'imap', '2026-11-28');
      await directory.addAccount(alice);
      await directory.removeAccount(alice.id, 0);
      const next = account('alice@example.test');
      await directory.addAccount(next);
      await directory.noteSignIn(alice, 'imap', '2026-11-28');
      assert.deepEqual(await directory.accountByAddress(next.address), next);
    });

    test('a removed account frees its address and never its id', async (t) => {
      const { directory } = await withDomain(t);
      const alice = account('alice@example.test');
      await directory.addAccount(alice);
      assert.deepEqual(await directory.removeAccount(alice.id, 0), done);
      assert.equal(await directory.account(alice.id), undefined);
      assert.equal(await directory.accountByAddress(alice.address), undefined);
      assert.deepEqual(await directory.removeAccount(alice.id, 0), refused('notFound', alice.id));
      assert.deepEqual(await directory.addAccount(alice), refused('exists', alice.id));
      assert.deepEqual(await directory.addAccount(account('alice@example.test')), done);
    });

    test('what UIDVALIDITY must be above stays with an address beyond its accounts, and only grows', async (t) => {
      const ground = await withDomain(t);
      const { directory } = ground;
      const other = await ground.another();
      const { address } = account('alice@example.test');
      const live = async (begunAbove: number, floor: number) => {
        const alice = account(address);
        assert.deepEqual(await directory.addAccount(alice, begunAbove), done);
        assert.deepEqual(await directory.removeAccount(alice.id, floor), done);
      };
      assert.equal(await directory.uidValidityFloor(address), 0);
      await live(0, 1_800_000_000);
      assert.equal(await other.uidValidityFloor(address), 1_800_000_000);
      await live(1_800_000_000, 1_700_000_000);
      assert.equal(await directory.uidValidityFloor(address), 1_800_000_000);
      await live(1_900_000_000, 1_900_000_001);
      assert.equal(await directory.uidValidityFloor(address), 1_900_000_001);
      assert.equal(await directory.uidValidityFloor(account('bob@example.test').address), 0);
      await directory.removeDomain('example.test' as DomainName);
      assert.equal(await directory.uidValidityFloor(address), 1_900_000_001);
    });

    test('an account that began on a floor which others have raised meanwhile is refused', async (t) => {
      const { directory } = await withDomain(t);
      const first = account('alice@example.test');
      await directory.addAccount(first);
      await directory.removeAccount(first.id, 1_800_000_000);
      const late = account('alice@example.test');
      assert.deepEqual(await directory.addAccount(late), refused('exists', late.address));
      assert.deepEqual(await directory.addAccount(late, 1_799_999_999), refused('exists', late.address));
      assert.deepEqual(await directory.addAccount(late, 1_800_000_000), done);
    });

    test('an alias is found as it was added, and removed', async (t) => {
      const { directory } = await withDomain(t);
      const post = alias('post@example.test');
      assert.deepEqual(await directory.addAlias(post), done);
      assert.deepEqual(await directory.alias(post.address), post);
      assert.deepEqual((await directory.aliases()).items, [post]);
      assert.deepEqual(await directory.removeAlias(post.address), done);
      assert.equal(await directory.alias(post.address), undefined);
      assert.deepEqual(await directory.removeAlias(post.address), refused('notFound', post.address));
    });

    test('an alias leads elsewhere from one moment to the next, and an account is none', async (t) => {
      const { directory } = await withDomain(t);
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
      const { directory } = await withDomain(t);
      const renamed = { ...tenant, name: 'Another name' };
      assert.deepEqual(await directory.renameTenant(tenant.id, renamed.name), { ok: true, value: renamed });
      assert.deepEqual((await directory.tenants()).items, [renamed]);
      assert.deepEqual(await directory.removeTenant(tenant.id), refused('notEmpty', tenant.id));
      assert.deepEqual(await directory.renameTenant('nobody', 'x'), refused('notFound', 'nobody'));
      assert.equal(await directory.tenant('nobody'), undefined);
    });

    test('a change is visible to another process at once', async (t) => {
      const ground = await withDomain(t);
      const other = await ground.another();
      const alice = account('alice@example.test');
      await ground.directory.addAccount(alice);
      assert.deepEqual(await other.accountByAddress(alice.address), alice);
      await other.updateAccount(alice.id, { status: 'suspended' });
      assert.equal((await ground.directory.account(alice.id))?.status, 'suspended');
    });

    test('what one tenant has, and what lies in one domain, is listed without the rest', async (t) => {
      const { directory } = await withDomain(t);
      await directory.addTenant({ ...tenant, id: 'small' });
      for (const name of ['a.test', 'z.test'])
        await directory.addDomain({ ...domain(name), tenant: 'small' });
      const crowd = Array.from({ length: 501 }, (_, i) => `m${String(i).padStart(5, '0')}@example.test`);
      await fiftyAtOnce(crowd, (name) => directory.addAlias(alias(name)));
      for (const name of ['z@a.test', 'n@z.test', 'a@z.test']) {
        await directory.addAlias(alias(name));
        await directory.addAccount({ ...account(`x${name}`), tenant: 'small' });
      }
      const small = { tenant: 'small' };
      const domains = await directory.domains(undefined, 10, small);
      assert.deepEqual(
        domains.items.map(({ name }) => name),
        ['a.test', 'z.test'],
      );
      const first = await directory.aliases(undefined, 2, small);
      assert.deepEqual(
        first.items.map((one) => one.address),
        ['a@z.test', 'n@z.test'],
      );
      const last = await directory.aliases(first.next, 2, small);
      assert.deepEqual([last.items.map((one) => one.address), last.next], [['z@a.test'], undefined]);
      const inZ = { domain: 'z.test' as DomainName };
      assert.equal((await directory.aliases(undefined, undefined, inZ)).items.length, 2);
      const accounts = await directory.accounts('xa@z.test', 5, small);
      assert.deepEqual(
        accounts.items.map((one) => one.address),
        ['xn@z.test', 'xz@a.test'],
      );
      assert.equal(
        (await directory.accounts(undefined, 5, { domain: 'example.test' as DomainName })).items.length,
        0,
      );
      const all = await everything((after) => directory.aliases(after, undefined, { tenant: tenant.id }));
      assert.deepEqual(
        all.map((one) => one.address),
        crowd,
      );
      // Of all tenants, and so of more than one page.
      const aliases = await everything((after) => directory.aliases(after));
      assert.deepEqual(
        aliases.map((one) => one.address),
        ['a@z.test', ...crowd, 'n@z.test', 'z@a.test'],
      );

      const removed = (await directory.accountByAddress(address('xn@z.test')))!;
      await directory.removeAccount(removed.id, 0);
      await directory.removeAlias(address('n@z.test'));
      await directory.removeAlias(address('z@a.test'));
      const gone = (await directory.accountByAddress(address('xz@a.test')))!;
      await directory.removeAccount(gone.id, 0);
      await directory.removeDomain('a.test' as DomainName);
      for (const part of [small, inZ]) {
        assert.deepEqual(
          (await directory.accounts(undefined, 5, part)).items.map((one) => one.address),
          ['xa@z.test'],
        );
        assert.deepEqual(
          (await directory.aliases(undefined, 5, part)).items.map((one) => one.address),
          ['a@z.test'],
        );
      }
      assert.equal((await directory.domains(undefined, 5, small)).items.length, 1);
    });

    test("an account is its domain's tenant's", async (t) => {
      const { directory } = await withDomain(t);
      await directory.addTenant({ ...tenant, id: 'other' });
      const stranger = { ...account('alice@example.test'), tenant: 'other' };
      assert.deepEqual(await directory.addAccount(stranger), refused('notFound', 'example.test'));
      assert.equal(await directory.accountByAddress(stranger.address), undefined);
    });

    test('accounts are listed in pages of at most 500, in order', async (t) => {
      const { directory } = await withDomain(t);
      const addresses = Array.from({ length: 501 }, (_, i) => `b${String(i).padStart(5, '0')}@example.test`);
      await fiftyAtOnce(addresses, (name) => directory.addAccount(account(name)));
      const accounts = await everything((after) => directory.accounts(after));
      assert.deepEqual(
        accounts.map((one) => one.address),
        addresses,
      );
    });
  });
}

const tenant = { id: 'main', name: 'Main', createdAt: 1_700_000_000_000 };

const done = { ok: true, value: undefined };

const refused = (kind: string, name: string) => ({ ok: false, error: { kind, name } });

const address = (text: string): Address => text as Address;

const domain = (name: string): Domain => ({ name: name as DomainName, tenant: tenant.id, createdAt: 1 });

const account = (text: string): AccountRecord => ({
  id: newAccountId(systemEntropy),
  address: address(text),
  tenant: tenant.id,
  displayName: 'Alice',
  status: 'active',
  protocols: ['imap', 'pop3', 'submission'],
  pop3Deletion: 'trash',
  passwordHash: '$argon2id$v=19$m=65536,t=3,p=1$c2FsdA$aGFzaA',
  credentialVersion: 1,
  appPasswords: [],
  createdAt: 1_700_000_000_001,
});

const alias = (text: string): Alias => ({
  address: address(text),
  targets: [address('alice@example.test'), address('else@example.org')],
  createdAt: 2,
});

/** More at once would only wait for each other, beyond the time that a request has. */
async function fiftyAtOnce(names: readonly string[], add: (name: string) => Promise<unknown>): Promise<void> {
  for (let i = 0; i < names.length; i += 50) await Promise.all(names.slice(i, i + 50).map(add));
}

async function everything<T>(list: (after?: string) => Promise<Page<T>>): Promise<T[]> {
  const all: T[] = [];
  let after: string | undefined;
  do {
    const page = await list(after);
    assert.ok(page.items.length <= 500);
    all.push(...page.items);
    after = page.next;
  } while (after !== undefined);
  return all;
}
