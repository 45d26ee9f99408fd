import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newAccountId, systemEntropy } from '../../shared/ids.ts';
import { type Address, type DomainName, maxAppPasswords } from '../../shared/ports/directory.ts';
import {
  account,
  address,
  alias,
  done,
  type MakeDirectory,
  refused,
  tenant,
  withDomain,
} from './directory-ground.ts';

/** Accounts: their addresses, passwords, what is noted of them, and what outlives them. */
export function accountsContract(make: MakeDirectory): void {
  const open = withDomain(make);

  test('an account is found by id and by address, as it was added', async (t) => {
    const { directory } = await open(t);
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
    const { directory } = await open(t);
    const stranger = account('alice@other.test');
    assert.deepEqual(await directory.addAccount(stranger), refused('notFound', 'other.test'));
    assert.deepEqual(await directory.addAlias(alias('post@other.test')), refused('notFound', 'other.test'));
    assert.equal(await directory.account(stranger.id), undefined);
  });

  test('of those who want one address at once one gets it', async (t) => {
    const ground = await open(t);
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
    const { directory } = await open(t);
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
    const { directory } = await open(t);
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
    const { directory } = await open(t);
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
    const { directory } = await open(t);
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
    const { directory, another } = await open(t);
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
    const { directory } = await open(t);
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
    const { directory } = await open(t);
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
    const ground = await open(t);
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
    const { directory } = await open(t);
    const first = account('alice@example.test');
    await directory.addAccount(first);
    await directory.removeAccount(first.id, 1_800_000_000);
    const late = account('alice@example.test');
    assert.deepEqual(await directory.addAccount(late), refused('exists', late.address));
    assert.deepEqual(await directory.addAccount(late, 1_799_999_999), refused('exists', late.address));
    assert.deepEqual(await directory.addAccount(late, 1_800_000_000), done);
  });

  test("an account is its domain's tenant's", async (t) => {
    const { directory } = await open(t);
    await directory.addTenant({ ...tenant, id: 'other' });
    const stranger = { ...account('alice@example.test'), tenant: 'other' };
    assert.deepEqual(await directory.addAccount(stranger), refused('notFound', 'example.test'));
    assert.equal(await directory.accountByAddress(stranger.address), undefined);
  });
}
