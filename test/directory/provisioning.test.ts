import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generatePassword } from '../../shared/directory/generate-password.ts';
import { verifyPassword } from '../../shared/directory/password-hash.ts';
import { createPasswordHasher } from '../../shared/directory/password-hasher.ts';
import { createProvisioning, explainProvisioningError } from '../../shared/directory/provisioning.ts';
import { systemEntropy } from '../../shared/ids.ts';
import type { Address } from '../../shared/ports/directory.ts';
import { memoryDirectory } from './memory-directory.ts';

async function world() {
  const directory = memoryDirectory();
  const hasher = createPasswordHasher({ cost: { memory: 8, passes: 1, parallelism: 1 } });
  const provisioning = createProvisioning({ directory, hasher });
  await provisioning.addDomain('Example.Test');
  return { directory, provisioning };
}

const said = (
  outcome: { ok: true } | { ok: false; error: Parameters<typeof explainProvisioningError>[0] },
) => (outcome.ok ? 'ok' : explainProvisioningError(outcome.error));

test('an account is added with defaults, and its password fits its hash', async () => {
  const { provisioning } = await world();
  const added = await provisioning.addAccount({ address: 'Alice@Example.Test', password: 'correct horse' });
  assert.ok(added.ok);
  const { account, password } = added.value;
  assert.equal(account.address, 'alice@example.test');
  assert.equal(account.displayName, 'alice');
  assert.equal(account.tenant, 'default');
  assert.equal(account.status, 'active');
  assert.deepEqual(account.protocols, ['imap', 'pop3', 'submission']);
  assert.equal(password, 'correct horse');
  assert.equal(await verifyPassword(password, account.passwordHash ?? ''), true);
});

test('a password is generated where none is given', async () => {
  const { provisioning } = await world();
  const added = await provisioning.addAccount({ address: 'alice@example.test' });
  assert.ok(added.ok);
  assert.match(added.value.password, /^([a-z2-9]{5}-){3}[a-z2-9]{5}$/);
  const changed = await provisioning.changePassword('alice@example.test');
  assert.ok(changed.ok);
  assert.notEqual(changed.value, added.value.password);
  const account = await provisioning.account('alice@example.test');
  assert.ok(account.ok);
  assert.equal(account.value.credentialVersion, 2);
  assert.equal(await verifyPassword(changed.value, account.value.passwordHash ?? ''), true);
});

test('generated passwords do not repeat and use every letter', () => {
  const passwords = Array.from({ length: 500 }, () => generatePassword(systemEntropy));
  assert.equal(new Set(passwords).size, 500);
  assert.equal(new Set(passwords.join('').replaceAll('-', '')).size, 31);
});

test('what is wrong is said in one line', async () => {
  const { provisioning } = await world();
  const alice = { address: 'alice@example.test', password: 'correct horse' };
  await provisioning.addAccount(alice);
  for (const [outcome, text] of [
    [provisioning.addDomain('example.test'), 'example.test exists already'],
    [provisioning.addDomain('exa mple'), '"exa mple" cannot be used: it does not name a domain'],
    [provisioning.removeDomain('example.test'), 'example.test still has accounts or aliases'],
    [provisioning.removeDomain('other.test'), 'there is no other.test'],
    [provisioning.addAccount(alice), 'alice@example.test exists already'],
    [provisioning.addAccount({ ...alice, address: 'a@other.test' }), 'there is no other.test'],
    [provisioning.addAccount({ ...alice, address: 'alice' }), '"alice" cannot be used: it has no @domain'],
    [provisioning.addAccount({ ...alice, password: 'short' }), 'a password needs at least 8 characters'],
    [
      provisioning.addAccount({ ...alice, password: 'correct\nhorse' }),
      'a password is at most 1,024 bytes and has no control characters',
    ],
    [
      provisioning.addAccount({ ...alice, displayName: 'A\nB' }),
      'a display name is at most 200 characters and has no control characters',
    ],
    [provisioning.account('bob@example.test'), 'there is no bob@example.test'],
    [provisioning.changePassword('bob@example.test'), 'there is no bob@example.test'],
    [provisioning.removeAccount('bob@example.test', async () => undefined), 'there is no bob@example.test'],
    [provisioning.addAlias('alice@example.test', ['b@example.test']), 'alice@example.test exists already'],
    [provisioning.addAlias('x@example.test', []), 'an alias needs a target'],
    [provisioning.addAlias('x@example.test', ['X@Example.Test']), 'an alias cannot lead to itself'],
    [provisioning.addAlias('x@example.test', ['y']), '"y" cannot be used: it has no @domain'],
    [
      provisioning.addAlias(
        'x@example.test',
        Array.from({ length: 101 }, (_, i) => `p${i}@example.test`),
      ),
      'an alias has at most 100 targets',
    ],
    [provisioning.removeAlias('x@example.test'), 'there is no x@example.test'],
  ] as const)
    assert.equal(said(await outcome), text);
});

test('aliases are added and removed, catch-alls too', async () => {
  const { provisioning, directory } = await world();
  for (const name of ['Sales@example.test', '@Example.Test']) {
    const added = await provisioning.addAlias(name, ['Bob@example.test', 'bob@EXAMPLE.test']);
    assert.ok(added.ok);
    assert.deepEqual(added.value.targets, ['bob@example.test']);
    assert.ok(await directory.alias(added.value.address));
    assert.equal(said(await provisioning.removeAlias(name)), 'ok');
  }
  assert.equal(said(await provisioning.removeDomain('example.test')), 'ok');
});

test('who has an address after others begins above what those were told and may yet be told', async () => {
  const { provisioning, directory } = await world();
  const address = 'alice@example.test' as Address;
  const floors: number[] = [];
  const live = async (last: number | undefined) => {
    const added = await provisioning.addAccount({ address, password: 'correct horse' }, async (_, floor) => {
      floors.push(floor);
    });
    assert.ok(added.ok);
    assert.equal(said(await provisioning.removeAccount(address, async () => last)), 'ok');
    return directory.uidValidityFloor(address);
  };
  const now = Math.floor(Date.now() / 1000);
  const unread = await live(undefined);
  assert.ok(unread >= now + 24 * 3600);
  // Its clock was far ahead once.
  assert.equal(await live(4_000_000_000), 4_000_001_000);
  assert.equal(await live(now), 4_000_001_000);
  assert.deepEqual(floors, [0, unread, 4_000_001_000]);
});
