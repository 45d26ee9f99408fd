import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import type { Account } from '../../shared/engine/account.ts';
import { expungeMessages, storeFlags } from '../../shared/engine/actions.ts';
import { everyUid } from '../../shared/engine/mailbox.ts';
import { createMailbox } from '../../shared/engine/mailbox-actions.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { stateDigest } from '../../shared/engine/state-digest.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import type { Address } from '../../shared/ports/directory.ts';
import { deliver, subjects } from '../support/mail.ts';
import { accountFolder } from './account-folder.ts';

/** An account with two snapshots and a tail: six messages in INBOX, some read, one in Work. */
async function place() {
  const local = await accountFolder();
  const { folder, anna: account, restarted } = local;
  for (let n = 1; n <= 4; n++) await deliver(account, n);
  await account.compact();
  await account.commit(createMailbox('Work'));
  await deliver(account, 5, { mailbox: 'Work' });
  await account.commit(storeFlags(inboxId, UidSet.of([1, 2]), 'add', ['\\Seen']));
  await account.compact();
  for (let n = 6; n <= 7; n++) await deliver(account, n);
  await account.commit(expungeMessages(inboxId, UidSet.of([4])));
  const db = new DatabaseSync(join(folder, 'restante.db'), { timeout: 5000 });
  after(() => db.close());
  /** The account as a server sees it that starts now. */
  const reopened = async (id = account.id): Promise<Account> => {
    const opened = await (await restarted()).engine.open(id);
    assert.ok(opened.ok);
    return opened.value.account;
  };
  return { ...local, account, db, reopened };
}

const rebuild = ['rebuild', 'anna@example.test'] as const;

/** Every mailbox has a new UIDVALIDITY, mod-sequences grew, and the account works. */
async function assertNewEpoch(before: Account['state'], rebuilt: Account): Promise<void> {
  const validities = [...rebuilt.state.mailboxes].map(({ uidValidity }) => uidValidity);
  assert.equal(new Set(validities).size, validities.length);
  const highest = Math.max(...[...before.mailboxes].map(({ uidValidity }) => uidValidity));
  assert.ok(Math.min(...validities) > highest);
  const modSeq = (state: Account['state']) =>
    Math.max(...[...state.mailboxes].map(({ highestModSeq }) => highestModSeq));
  const now = modSeq(rebuilt.state);
  assert.ok(now > modSeq(before));
  const exists = rebuilt.state.mailboxes.get(inboxId)!.exists;
  await deliver(rebuilt, 99);
  assert.equal(rebuilt.state.mailboxes.get(inboxId)!.exists, exists + 1);
  assert.ok(modSeq(rebuilt.state) > now);
}

test('a broken snapshot costs nothing where the one before it and the log are there', async () => {
  const { db, account, run, reopened } = await place();
  db.prepare('UPDATE blobs SET bytes = substr(bytes, 1, size - 9) WHERE key = ?').run(
    account.snapshot!.manifest,
  );
  assert.equal((await run('verify')).code, 1);
  const { code, stdout, stderr } = await run(...rebuild);
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, /^not usable: /m);
  assert.match(stdout, /^0 messages .* found in the store and put in Recovered$/m);
  assert.doesNotMatch(stdout, /MISSING/);
  const rebuilt = await reopened();
  assert.deepEqual(await subjects(rebuilt, 'INBOX'), [
    'message 1',
    'message 2',
    'message 3',
    'message 6',
    'message 7',
  ]);
  assert.deepEqual(await subjects(rebuilt, 'Work'), ['message 5']);
  assert.equal(rebuilt.state.mailboxes.get(inboxId)!.unseen, 3);
  assert.equal(rebuilt.id, account.id);
  await assertNewEpoch(account.state, rebuilt);
  const verified = await run('verify', '--deep');
  assert.equal(verified.code, 0, verified.stdout);
});

test('where nothing but the messages is left, they all come back', async () => {
  const { db, account, run, restarted, reopened } = await place();
  db.exec("DELETE FROM entries; DELETE FROM heads; DELETE FROM blobs WHERE key NOT LIKE '%/m/%'");
  // Until then nobody gets an empty account in its place.
  const lost = await (await restarted()).engine.open(account.id);
  assert.ok(!lost.ok && lost.error.kind === 'unavailable');
  assert.match((await run('verify')).stdout, /the log of \S+ is empty/);
  assert.equal(db.prepare('SELECT count(*) AS n FROM entries').get()?.n, 0);
  const { code, stdout } = await run(...rebuild, '--mailbox', 'Lost and found');
  assert.equal(code, 0, stdout);
  assert.match(stdout, /^7 messages .* found in the store and put in Lost and found$/m);
  assert.match(stdout, /MISSING: all mailboxes, flags and the quota/);
  const rebuilt = await reopened();
  const all = [1, 2, 3, 4, 5, 6, 7].map((n) => `message ${n}`);
  // In the order of their arrival, which ids tell to the millisecond only.
  assert.deepEqual((await subjects(rebuilt, 'Lost and found')).sort(), all);
  await assertNewEpoch(account.state, rebuilt);
  assert.equal((await run('verify', '--deep')).code, 0);
});

test('after a hole in the log, messages are found in the store, and what else is lost is said', async () => {
  const { db, account, run, reopened } = await place();
  const first = account.snapshot!.state.position + 1;
  db.prepare('DELETE FROM entries WHERE position = ?').run(first);
  const { code, stdout } = await run(...rebuild);
  assert.equal(code, 0, stdout);
  assert.match(stdout, /^2 messages .* found in the store and put in Recovered$/m);
  assert.match(stdout, /^MISSING: what 3 entries after \d+ said; flags, moves, deletions/m);
  const rebuilt = await reopened();
  assert.deepEqual((await subjects(rebuilt, 'Recovered')).sort(), ['message 6', 'message 7']);
  // Its expunge is among what was lost.
  assert.equal(rebuilt.state.mailboxes.get(inboxId)!.exists, 4);
  await assertNewEpoch(account.state, rebuilt);
  assert.equal((await run('verify', '--deep')).code, 0);
});

test('an account that is in order is the same afterwards but for its epoch, each time', async () => {
  const { account, run, reopened } = await place();
  let before = account.state;
  for (let time = 0; time < 2; time++) {
    assert.equal((await run(...rebuild)).code, 0);
    const rebuilt = await reopened();
    assert.deepEqual(
      [...rebuilt.state.mailboxes].map(({ name, exists, unseen, uidNext }) => [
        name,
        exists,
        unseen,
        uidNext,
      ]),
      [...before.mailboxes].map(({ name, exists, unseen, uidNext }) => [name, exists, unseen, uidNext]),
    );
    await assertNewEpoch(before, rebuilt);
    before = rebuilt.state;
  }
  assert.equal((await run('verify')).code, 0);
  // What was expunged can still be restored.
  assert.match((await run('restore', 'anna@example.test')).stdout, /1 messages, /);
});

test('a server that has the account open goes on with the rebuilt one', async () => {
  const { account, run } = await place();
  const before = account.state;
  assert.equal((await run(...rebuild)).code, 0);
  await account.refresh();
  await assertNewEpoch(before, account);
  const emptied = await account.commit(expungeMessages(inboxId, everyUid));
  assert.ok(emptied.ok);
});

test('it is refused while somebody holds the maildrop, unless --force is given', async () => {
  const { account, run, store } = await place();
  await store.leases.acquire(`pop3/${account.id}`, 'a session', 60_000);
  const refused = await run(...rebuild);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /the account is in use \(pop3\//);
  assert.equal((await run(...rebuild, '--force')).code, 0);
});

test('--dry-run says what would be done and changes nothing', async () => {
  const { account, run, reopened } = await place();
  const before = stateDigest(await account.whole());
  const { code, stdout } = await run(...rebuild, '--dry-run');
  assert.equal(code, 0);
  assert.match(stdout, /nothing was changed\n$/);
  assert.equal(stateDigest(await (await reopened()).whole()), before);
});

test('messages whose headers are lost are taken in anew from their bytes, and the account is in order', async () => {
  const { db, account, run, reopened } = await place();
  const [first] = account.snapshot!.messages.segments;
  db.prepare('DELETE FROM blobs WHERE key = ?').run(first!.key);
  assert.equal((await run('verify')).code, 1);
  const { code, stdout, stderr } = await run(...rebuild);
  assert.deepEqual([code, stderr], [0, ''], stdout);
  assert.match(stdout, /^MISSING: mailboxes and flags of 3 of them/m);
  const rebuilt = await reopened();
  // Message 4 was expunged a moment ago: it cannot be told from the others.
  assert.deepEqual(
    (await subjects(rebuilt, 'Recovered')).sort(),
    [1, 2, 3, 4].map((n) => `message ${n}`),
  );
  assert.deepEqual(await subjects(rebuilt, 'INBOX'), ['message 6', 'message 7']);
  await assertNewEpoch(account.state, rebuilt);
  const verified = await run('verify', '--deep');
  assert.equal(verified.code, 0, verified.stdout);
});

test('an account made again, of whose log nothing is left, begins above all that its address ever had', async () => {
  const { db, run, store, reopened } = await place();
  await run('account', 'remove', 'anna@example.test');
  await run('account', 'add', 'anna@example.test', '--password', 'a long password');
  const { id } = (await store.directory.accountByAddress('anna@example.test' as Address))!;
  const before = await reopened(id);
  db.prepare('DELETE FROM entries WHERE account = ?').run(id);
  assert.equal((await run(...rebuild)).code, 0);
  await assertNewEpoch(before.state, await reopened(id));
});
