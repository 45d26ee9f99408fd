import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPasswordHasher } from '../../shared/directory/password-hasher.ts';
import { createProvisioning } from '../../shared/directory/provisioning.ts';
import { resolveRecipient } from '../../shared/directory/resolve-recipient.ts';
import { memoryDirectory } from './memory-directory.ts';

async function world(aliases: Record<string, readonly string[]> = {}, people = ['alice', 'bob']) {
  const directory = memoryDirectory();
  const hasher = createPasswordHasher({ cost: { memory: 8, passes: 1, parallelism: 1 } });
  const provisioning = createProvisioning({ directory, hasher });
  await provisioning.addDomain('example.test');
  for (const name of people) await provisioning.addAccount({ address: `${name}@example.test` });
  for (const [address, targets] of Object.entries(aliases)) {
    const added = await provisioning.addAlias(address, targets);
    assert.ok(added.ok);
  }
  const resolve = async (address: string) => {
    const found = await resolveRecipient(directory, address);
    if (!found.ok) return found.error.kind;
    return found.value.map(
      ({ account, detail }) => account.address.split('@')[0] + (detail ? `/${detail}` : ''),
    );
  };
  return { directory, provisioning, resolve };
}

test('an account is found with one lookup, its detail apart', async () => {
  const { resolve, directory } = await world();
  directory.lookups.count = 0;
  assert.deepEqual(await resolve('Alice@Example.Test'), ['alice']);
  assert.equal(directory.lookups.count, 1);
  assert.deepEqual(await resolve('alice+Lists@example.test'), ['alice/lists']);
});

test('an account whose own address has a plus is found before the one without, and has no detail', async () => {
  const { resolve } = await world({}, ['alice', 'alice+work']);
  assert.deepEqual(await resolve('alice+work@example.test'), ['alice+work']);
  assert.deepEqual(await resolve('alice+play@example.test'), ['alice/play']);
});

test('aliases lead to accounts through other aliases, each account once', async () => {
  const { resolve } = await world({
    'team@example.test': ['alice@example.test', 'office@example.test', 'bob@example.test'],
    'office@example.test': ['bob@example.test', 'alice@example.test'],
  });
  assert.deepEqual(await resolve('team@example.test'), ['alice', 'bob']);
});

test('a detail goes along an alias, unless the alias has its own', async () => {
  const { resolve } = await world({
    'sales@example.test': ['alice@example.test', 'bob+sales@example.test'],
  });
  assert.deepEqual(await resolve('sales+spring@example.test'), ['alice/spring', 'bob/sales']);
  assert.deepEqual(await resolve('sales@example.test'), ['alice', 'bob/sales']);
});

test('a catch-all takes what nobody else does', async () => {
  const { resolve } = await world({ '@example.test': ['bob@example.test'] });
  assert.deepEqual(await resolve('alice@example.test'), ['alice']);
  assert.deepEqual(await resolve('anybody@example.test'), ['bob']);
  assert.equal(await resolve('anybody@elsewhere.test'), 'unknownDomain');
});

test('aliases that lead in a circle end, with whom they pass', async () => {
  const { resolve } = await world({
    'a@example.test': ['b@example.test'],
    'b@example.test': ['a@example.test', 'alice@example.test'],
    'c@example.test': ['d@example.test'],
    'd@example.test': ['c@example.test'],
  });
  assert.deepEqual(await resolve('a@example.test'), ['alice']);
  assert.equal(await resolve('c@example.test'), 'unknownUser');
});

test('a circle of growing details ends', async () => {
  const { resolve } = await world({ 'a@example.test': ['a+x@example.test', 'bob@example.test'] });
  assert.deepEqual(await resolve('a@example.test'), ['bob']);
});

test('nobody, nowhere and suspended are told apart', async () => {
  const { resolve, provisioning } = await world({
    'team@example.test': ['alice@example.test', 'bob@example.test'],
  });
  assert.equal(await resolve('nobody@example.test'), 'unknownUser');
  assert.equal(await resolve('alice@elsewhere.test'), 'unknownDomain');
  assert.equal(await resolve('not an address'), 'badAddress');
  await provisioning.setStatus('alice@example.test', 'suspended');
  assert.equal(await resolve('alice@example.test'), 'suspended');
  assert.deepEqual(await resolve('team@example.test'), ['bob']);
  await provisioning.removeAccount('bob@example.test', async () => undefined);
  assert.equal(await resolve('team@example.test'), 'suspended');
});

test('an alias reaches at most 100 accounts', async () => {
  const people = Array.from({ length: 101 }, (_, i) => `p${i}`);
  const at = (name: string) => `${name}@example.test`;
  const { resolve } = await world(
    {
      'most@example.test': people.slice(0, 100).map(at),
      'all@example.test': [...people.slice(0, 50).map(at), 'rest@example.test'],
      'rest@example.test': people.slice(50).map(at),
    },
    people,
  );
  assert.equal((await resolve('most@example.test')).length, 100);
  assert.equal(await resolve('all@example.test'), 'tooManyRecipients');
});
