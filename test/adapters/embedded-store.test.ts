import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import {
  type EmbeddedStore,
  NewerStore,
  OlderStore,
  StoreClosed,
} from '../../shared/adapters/embedded/store.ts';
import {
  type AccountId,
  type BlobKey,
  type LogPosition,
  newAccountId,
  objectKey,
  systemEntropy,
} from '../../shared/ids.ts';
import type { AppendOutcome } from '../../shared/ports/account-log.ts';
import type { AccountRecord, Alias, Domain, DomainName } from '../../shared/ports/directory.ts';
import { bytesOf, contentOf } from '../contracts/bytes.ts';
import { makeOlder } from '../support/older-folder.ts';
import { testFolder } from './embedded-folder.ts';

test('what was acknowledged is there when the folder is opened again', async (t) => {
  const { open } = await testFolder(t);
  const store = await open();
  const account = newAccountId(systemEntropy);
  const [small, large] = [objectKey(account, 'm', systemEntropy), objectKey(account, 'm', systemEntropy)];
  await store.blobs.put(small, bytesOf('small'));
  await store.blobs.put(large, new Uint8Array(300_000).fill(1));
  await append(store, account, 1, [small, large]);
  await store.close();
  await assert.rejects(append(store, account, 2), StoreClosed);
  await store.close();
  const again = await open();
  assert.equal((await again.log.read(account, at(0))).entries.length, 1);
  assert.equal(await contentOf(await again.blobs.get(small)), 'small');
  assert.equal((await again.blobs.get(large))?.size, 300_000);
  assert.deepEqual(await append(again, account, 2), { kind: 'done' });
});

test('closing records what was put and completes what was asked for', async (t) => {
  const { folder, open } = await testFolder(t);
  const store = await open();
  const account = newAccountId(systemEntropy);
  const key = objectKey(account, 'm', systemEntropy);
  await store.blobs.put(key, bytesOf('put'));
  const asked = Array.from({ length: 20 }, () => append(store, newAccountId(systemEntropy), 1));
  await store.close();
  for (const outcome of await Promise.all(asked)) assert.deepEqual(outcome, { kind: 'done' });
  assert.deepEqual((await readdir(folder)).sort(), ['blobs', 'restante.db']);
  assert.equal(await contentOf(await (await open()).blobs.get(key)), 'put');
});

test('a folder of a newer release is refused by name', async (t) => {
  const { folder, open } = await testFolder(t);
  await (await open()).close();
  const db = new DatabaseSync(join(folder, 'restante.db'));
  db.exec('PRAGMA user_version = 999');
  db.close();
  await assert.rejects(open(), (error) => error instanceof NewerStore && error.found === 999);
});

test('a folder of an older release is refused, and stays as it is, unless it is to be upgraded', async (t) => {
  const { folder, open } = await testFolder(t);
  await (await open()).close();
  makeOlder(folder);
  const path = join(folder, 'restante.db');
  const before = await readFile(path);
  await assert.rejects(open(), (error) => error instanceof OlderStore && error.found === 3);
  assert.ok((await readFile(path)).equals(before));
});

test('a folder from before forwarding and floors of UIDVALIDITY is taken over, accounts and all', async (t) => {
  const { folder, open } = await testFolder(t);
  const store = await open();
  await store.directory.addTenant({ id: 'default', name: 'default', createdAt: 0 });
  await store.directory.addDomain({ name: 'example.test', tenant: 'default', createdAt: 0 } as Domain);
  const alice = {
    id: newAccountId(systemEntropy),
    address: 'alice@example.test',
    tenant: 'default',
    displayName: 'Alice',
    status: 'active',
    protocols: ['imap'],
    pop3Deletion: 'expunge',
    passwordHash: undefined,
    credentialVersion: 1,
    appPasswords: [],
    createdAt: 1,
  } as unknown as AccountRecord;
  assert((await store.directory.addAccount(alice)).ok);
  const post = { address: 'post@example.test', targets: [alice.address], createdAt: 2 } as unknown as Alias;
  assert((await store.directory.addAlias(post)).ok);
  await store.adminRecords.putRecord({
    kind: 'audit',
    name: 'a',
    text: '{"tenant":"default"}',
    expires: undefined,
  });
  await store.close();
  makeOlder(folder);
  const { directory, adminRecords } = await open({ upgrade: true });
  assert.deepEqual(await directory.account(alice.id), alice);
  for (const within of [{ tenant: 'default' }, { domain: 'example.test' as DomainName }]) {
    assert.deepEqual((await directory.accounts(undefined, 5, within)).items, [alice]);
    assert.deepEqual((await directory.aliases(undefined, 5, within)).items, [post]);
  }
  assert.equal((await adminRecords.records('audit', 5, undefined, 'default')).items.length, 1);
  const forwarding = { targets: [alice.address], keep: true };
  assert.deepEqual(await directory.updateAccount(alice.id, { forwarding }), {
    ok: true,
    value: { ...alice, forwarding },
  });
  assert.ok((await directory.removeAccount(alice.id, 7)).ok);
  assert.equal(await directory.uidValidityFloor(alice.address), 7);
});

test('what is not a database is refused', async (t) => {
  const { folder, open } = await testFolder(t);
  await writeFile(
    join(folder, 'restante.db'),
    'This is a text file and has nothing to do with SQLite.'.repeat(20),
  );
  await assert.rejects(open(), /not a database/);
});

test('several stores open a new folder at once', async (t) => {
  const { open } = await testFolder(t);
  const stores = await Promise.all([open(), open(), open(), open()]);
  const account = newAccountId(systemEntropy);
  for (const [i, store] of stores.entries())
    assert.deepEqual(await append(store, account, i + 1), { kind: 'done' });
});

test('a request that fails does not disturb those that share its transaction', async (t) => {
  const { open } = await testFolder(t);
  const store = await open();
  const good = Array.from({ length: 12 }, () => newAccountId(systemEntropy));
  const unknown = objectKey(good[0]!, 'm', systemEntropy);
  const carried = objectKey(good[0]!, 'm', systemEntropy);
  await store.blobs.put(carried, bytesOf('carried'));
  const outcomes = await Promise.allSettled(
    good.flatMap((account, i) => [
      append(store, account, 1),
      // No such blob; a gap; and a value that SQLite itself refuses, after the blob was inserted.
      i % 3 === 0
        ? append(store, newAccountId(systemEntropy), 1, [unknown])
        : i % 3 === 1
          ? append(store, newAccountId(systemEntropy), 5)
          : append(store, null as unknown as AccountId, 1, [carried]),
    ]),
  );
  for (const [i, outcome] of outcomes.entries())
    assert.equal(outcome.status, i % 2 === 0 ? 'fulfilled' : 'rejected', `${i}`);
  for (const account of good) assert.equal((await store.log.read(account, at(0))).entries.length, 1);
  assert.equal(await (await open()).blobs.get(carried), undefined, 'half of a failed request was kept');
});

test('an append that names an unknown blob is never done', async (t) => {
  const store = await (await testFolder(t)).open();
  const account = newAccountId(systemEntropy);
  const key = objectKey(account, 'm', systemEntropy);
  await assert.rejects(append(store, account, 1, [key]), /blob that is not there/);
  await assert.rejects(
    store.log.moveHead(account, { position: at(1), manifest: key, last: at(0) }),
    /not there/,
  );
  assert.deepEqual(await store.log.read(account, at(0)), { head: undefined, entries: [], more: false });
});

test('putting to a used key is refused: at once where it waits to be recorded, else when the second would be', async (t) => {
  const { open } = await testFolder(t);
  const store = await open();
  const account = newAccountId(systemEntropy);
  const [key, large] = [objectKey(account, 'm', systemEntropy), objectKey(account, 'm', systemEntropy)];
  await store.blobs.put(key, bytesOf('first'));
  await store.blobs.put(large, new Uint8Array(300_000).fill(1));
  await assert.rejects(store.blobs.put(key, bytesOf('second')), /used key/);
  await append(store, account, 1, [key, large]);
  await store.blobs.put(key, bytesOf('secon'));
  await assert.rejects(append(store, account, 2, [key]), /used key/);
  await assert.rejects(store.blobs.put(large, new Uint8Array(300_000)), /used key/);
  const other = await open();
  assert.equal(await contentOf(await other.blobs.get(key)), 'first');
  assert.equal((await other.log.read(account, at(0))).entries.length, 1);
});

test('where another process keeps the database the outcome is unknown, and settled by sending again', async (t) => {
  const { folder, open } = await testFolder(t);
  const store = await open({ busyTimeoutMs: 20 });
  const account = newAccountId(systemEntropy);
  const key = objectKey(account, 'm', systemEntropy);
  await store.blobs.put(key, bytesOf('a message'));
  const other = new DatabaseSync(join(folder, 'restante.db'));
  other.exec('BEGIN IMMEDIATE');
  const [outcome, lease] = await Promise.allSettled([
    append(store, account, 1, [key]),
    store.leases.acquire('name', 'holder', 1_000),
  ]);
  assert.equal(outcome.status === 'fulfilled' && outcome.value.kind, 'unknown');
  assert.equal(lease.status, 'rejected');
  assert.equal((await store.log.read(account, at(0))).entries.length, 0, 'readers do not wait');
  other.exec('ROLLBACK');
  other.close();
  assert.deepEqual(await append(store, account, 1, [key]), { kind: 'done' });
  assert.equal(await contentOf(await store.blobs.get(key)), 'a message');
});

test('what nobody names in an append does not stay in memory', async (t) => {
  const { open } = await testFolder(t);
  const [store, other] = [await open(), await open()];
  const account = newAccountId(systemEntropy);
  const keys: BlobKey[] = [];
  for (let i = 0; i < 300; i++) {
    const key = objectKey(account, 's', systemEntropy);
    await store.blobs.put(key, new Uint8Array(128 * 1024).fill(i));
    keys.push(key);
  }
  assert.equal((await other.blobs.get(keys[0]!))?.size, 128 * 1024);
  assert.equal(await other.blobs.get(keys.at(-1)!), undefined);
  assert.equal((await store.blobs.list('')).length, 300);
});

test('more requests than may be in flight wait their turn', async (t) => {
  const store = await (await testFolder(t)).open();
  const outcomes = await Promise.all(
    Array.from({ length: 10_000 }, (_, i) => store.leases.acquire(`lease ${i}`, 'holder', 1_000)),
  );
  assert.ok(outcomes.every((lease) => lease !== undefined));
});

test('opening clears what crashes left, if it is old', async (t) => {
  const { folder, open } = await testFolder(t);
  const store = await open();
  const account = newAccountId(systemEntropy);
  const key = objectKey(account, 'm', systemEntropy);
  await store.blobs.put(key, new Uint8Array(200_000));
  await append(store, account, 1, [key]);
  await store.close();
  const blobs = join(folder, 'blobs');
  await mkdir(join(blobs, 'zz'));
  const leftovers = ['tmp/old', 'tmp/young', 'zz/old', 'zz/young'];
  for (const name of leftovers) await writeFile(join(blobs, name), 'leftover');
  const longAgo = new Date(Date.now() - 25 * 60 * 60_000);
  for (const name of await readdir(blobs, { recursive: true }))
    if (!name.endsWith('young')) await utimes(join(blobs, name), longAgo, longAgo);
  const again = await open();
  await again.swept;
  const left = (await readdir(blobs, { recursive: true })).filter((name) => /(old|young)$/.test(name));
  assert.deepEqual(left.sort(), ['tmp/young', 'zz/young']);
  assert.equal((await again.blobs.get(key))?.size, 200_000);
});

test('removed accounts are listed until their logs are dropped', async (t) => {
  const store = await (await testFolder(t)).open();
  const id = newAccountId(systemEntropy);
  await store.directory.addTenant({ id: 'main', name: 'Main', createdAt: 1 });
  await store.directory.addDomain({ name: 'example.test', tenant: 'main', createdAt: 1 } as Domain);
  await store.directory.addAccount({
    id,
    address: 'alice@example.test',
    tenant: 'main',
    displayName: '',
    status: 'active',
    protocols: [],
    pop3Deletion: 'expunge',
    passwordHash: undefined,
    credentialVersion: 1,
    appPasswords: [],
    createdAt: 1,
  } as unknown as AccountRecord);
  await append(store, id, 1);
  assert.deepEqual(store.removedAccounts(), []);
  await store.directory.removeAccount(id, 0);
  assert.deepEqual(store.removedAccounts(), [id]);
  await store.log.drop(id);
  assert.deepEqual(store.removedAccounts(), []);
});

const at = (position: number): LogPosition => position as LogPosition;

const request = (account: AccountId, position: number, blobs: readonly BlobKey[]) => ({
  account,
  position: at(position),
  bytes: bytesOf(`entry ${position}`),
  blobs,
  readAt: Date.now(),
});

const append = (
  store: EmbeddedStore,
  account: AccountId,
  position: number,
  blobs: readonly BlobKey[] = [],
): Promise<AppendOutcome> => store.log.append(request(account, position, blobs));
