import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maySendAs } from '../../services/submission/sender.ts';
import { createPasswordHasher } from '../../shared/directory/password-hasher.ts';
import { createProvisioning, explainProvisioningError } from '../../shared/directory/provisioning.ts';
import { resolveRecipient } from '../../shared/directory/resolve-recipient.ts';
import type { Address } from '../../shared/ports/directory.ts';
import { memoryDirectory } from './memory-directory.ts';

const at = (name: string) => `${name}@example.test`;

async function world() {
  const directory = memoryDirectory();
  const hasher = createPasswordHasher({ cost: { memory: 8, passes: 1, parallelism: 1 } });
  const provisioning = createProvisioning({ directory, hasher });
  await provisioning.addDomain('example.test');
  for (const name of ['alice', 'bob', 'carl']) await provisioning.addAccount({ address: at(name) });
  const forward = async (name: string, targets: readonly string[], keep = false) => {
    const set = await provisioning.setForwarding(at(name), targets.map(at), keep);
    return set.ok ? 'set' : explainProvisioningError(set.error);
  };
  const resolve = async (name: string) => {
    const found = await resolveRecipient(directory, at(name));
    if (!found.ok) return found.error.kind;
    return found.value.map(({ account }) => account.address.split('@')[0]).sort();
  };
  return { directory, provisioning, forward, resolve };
}

test('forwarded mail goes on along every step, and stays where a copy is kept', async () => {
  const { forward, resolve, provisioning } = await world();
  assert.equal(await forward('alice', ['bob'], true), 'set');
  assert.deepEqual(await resolve('alice'), ['alice', 'bob']);
  assert.deepEqual(await resolve('alice+lists'), ['alice', 'bob']);
  assert.equal(await forward('bob', ['carl']), 'set');
  assert.deepEqual(await resolve('bob'), ['carl']);
  assert.deepEqual(await resolve('alice'), ['alice', 'carl']);
  await provisioning.addAlias(at('team'), [at('bob'), at('carl')]);
  assert.deepEqual(await resolve('team'), ['carl']);
  assert.equal(await forward('bob', []), 'set');
  assert.deepEqual(await resolve('bob'), ['bob']);
});

test('what is forwarded and leads nowhere stays with who forwards it', async () => {
  const { forward, resolve, provisioning } = await world();
  assert.equal(await forward('alice', ['bob']), 'set');
  await provisioning.setStatus(at('bob'), 'suspended');
  assert.deepEqual(await resolve('alice'), ['alice']);
  await provisioning.addAlias(at('team'), [at('alice'), at('carl')]);
  assert.deepEqual(await resolve('team'), ['alice', 'carl']);
  await provisioning.removeAccount(at('bob'), async () => undefined);
  assert.deepEqual(await resolve('alice'), ['alice']);
  assert.deepEqual(await resolve('team'), ['alice', 'carl']);
});

test('a circle that was made past the checks loses nothing', async () => {
  const { directory, forward, resolve, provisioning } = await world();
  assert.equal(await forward('alice', ['bob']), 'set');
  const bob = await provisioning.account(at('bob'));
  assert(bob.ok);
  await directory.updateAccount(bob.value.id, {
    forwarding: { targets: [at('alice') as Address], keep: false },
  });
  assert.deepEqual(await resolve('alice'), ['alice', 'bob']);
});

const sorted = <T>(found: T): T => (Array.isArray(found) ? (found.toSorted() as T) : found);

test('whoever else gets a message, who forwards it to nobody keeps it', async () => {
  const { directory, forward, resolve, provisioning } = await world();
  assert.equal(await forward('alice', ['bob']), 'set');
  await provisioning.setStatus(at('bob'), 'suspended');
  await provisioning.addAlias(at('team'), [at('alice'), at('bob'), at('carl')]);
  assert.deepEqual(sorted(await resolve('team')), ['alice', 'carl'], 'bob was met before');
  await provisioning.setStatus(at('bob'), 'active');
  const bob = await provisioning.account(at('bob'));
  assert(bob.ok);
  await directory.updateAccount(bob.value.id, {
    forwarding: { targets: [at('alice') as Address], keep: false },
  });
  assert.deepEqual(sorted(await resolve('team')), ['alice', 'bob', 'carl'], 'a circle beside carl');
});

test('two who forward to one that is gone both keep it', async () => {
  const { forward, resolve, provisioning } = await world();
  assert.equal(await forward('alice', ['bob']), 'set');
  assert.equal(await forward('carl', ['bob']), 'set');
  await provisioning.setStatus(at('bob'), 'suspended');
  await provisioning.addAlias(at('team'), [at('alice'), at('carl')]);
  assert.deepEqual(sorted(await resolve('team')), ['alice', 'carl']);
});

test('what cannot be forwarded to is refused with its reason', async () => {
  const { forward, provisioning } = await world();
  assert.equal(await forward('alice', ['Alice']), 'alice@example.test cannot be sent on to itself');
  assert.equal(await forward('alice', ['alice+x']), 'alice@example.test cannot be sent on to itself');
  assert.equal(await forward('alice', ['nobody']), 'there is no nobody@example.test');
  const outside = await provisioning.setForwarding(at('alice'), ['a@other.test'], true);
  assert(!outside.ok);
  assert.match(explainProvisioningError(outside.error), /^a@other\.test is not in a domain here/);
  await provisioning.addAlias(at('team'), [at('alice')]);
  assert.equal(await forward('alice', ['team']), 'mail to alice@example.test would come back');
  assert.equal(await forward('alice', ['bob']), 'set');
  assert.equal(await forward('bob', ['carl']), 'set');
  assert.equal(await forward('carl', ['alice'], true), 'mail to carl@example.test would come back');
  for (let i = 0; i < 21; i++) await provisioning.addAlias(at(`t${i}`), [at('carl')]);
  const many = Array.from({ length: 21 }, (_, i) => `t${i}`);
  assert.equal(await forward('alice', many.slice(1)), 'set');
  assert.match(await forward('alice', many), /at most 20 other addresses/);
});

test('addresses elsewhere are taken where the installation forwards there, beside those here', async () => {
  const { directory, resolve } = await world();
  const hasher = createPasswordHasher({ cost: { memory: 8, passes: 1, parallelism: 1 } });
  const outward = createProvisioning({ directory, hasher, forwardOutside: true });
  const set = await outward.setForwarding(at('alice'), ['A@Other.test', at('bob')], false);
  assert(set.ok);
  assert.deepEqual(set.value.forwarding?.targets, ['a@other.test', at('bob')]);
  assert(!(await outward.setForwarding(at('bob'), [at('nobody'), 'a@other.test'], false)).ok);

  const everywhere = async (name: string) => {
    const found = await resolveRecipient(directory, at(name), 'everywhere');
    assert(found.ok);
    return found.value.map(({ account, outside, copy }) => [account.address.split('@')[0], outside, copy]);
  };
  assert.deepEqual(await everywhere('alice'), [
    ['alice', ['a@other.test'], false],
    ['bob', [], true],
  ]);
  assert.deepEqual(await resolve('alice'), ['alice', 'bob'], 'where it may not go out, a copy stays');
  assert((await outward.setStatus(at('bob'), 'suspended')).ok);
  assert.deepEqual(await everywhere('alice'), [['alice', ['a@other.test'], true]]);
  assert((await outward.setStatus(at('alice'), 'suspended')).ok);
  assert.deepEqual(await resolveRecipient(directory, at('alice'), 'everywhere'), {
    ok: false,
    error: { kind: 'suspended' },
  });
});

test("an address with a detail is the account's own, unless it is somebody else's", async () => {
  const { directory, provisioning } = await world();
  const alice = await provisioning.account(at('alice'));
  assert(alice.ok);
  assert.equal(await maySendAs(directory, alice.value, at('alice+office')), true);
  assert((await provisioning.addAlias(at('alice+office'), [at('bob')])).ok);
  assert.equal(await maySendAs(directory, alice.value, at('alice+office')), false);
});

test('getting mail that another forwards is no right to send in its name', async () => {
  const { directory, forward, provisioning } = await world();
  assert.equal(await forward('alice', ['bob']), 'set');
  const [alice, bob] = [await provisioning.account(at('alice')), await provisioning.account(at('bob'))];
  assert(alice.ok && bob.ok);
  assert.equal(await maySendAs(directory, bob.value, at('alice')), false);
  assert.equal(await maySendAs(directory, alice.value, at('alice')), true);
});
