import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DomainName, Page } from '../../shared/ports/directory.ts';
import {
  account,
  address,
  alias,
  domain,
  type MakeDirectory,
  tenant,
  withDomain,
} from './directory-ground.ts';

/** Lists: whole ones a page at a time, and those of one tenant or one domain. */
export function listsContract(make: MakeDirectory): void {
  const open = withDomain(make);

  test('what one tenant has, and what lies in one domain, is listed without the rest', async (t) => {
    const { directory } = await open(t);
    await directory.addTenant({ ...tenant, id: 'small' });
    for (const name of ['a.test', 'z.test']) await directory.addDomain({ ...domain(name), tenant: 'small' });
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

  test('accounts are listed in pages of at most 500, in order', async (t) => {
    const { directory } = await open(t);
    const addresses = Array.from({ length: 501 }, (_, i) => `b${String(i).padStart(5, '0')}@example.test`);
    await fiftyAtOnce(addresses, (name) => directory.addAccount(account(name)));
    const accounts = await everything((after) => directory.accounts(after));
    assert.deepEqual(
      accounts.map((one) => one.address),
      addresses,
    );
  });
}

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
