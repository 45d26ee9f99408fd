import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { rebuildAccount } from '../../services/maintenance/rebuild/rebuild-account.ts';
import { verifyAccount } from '../../services/maintenance/verify/verify-account.ts';
import { copyMessages, expungeMessages, storeFlags } from '../../shared/engine/actions.ts';
import { referencedMessages } from '../../shared/engine/apply-departures.ts';
import { deleteMailbox } from '../../shared/engine/mailbox-actions.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import { localEngine } from '../support/local-engine.ts';
import { deliver } from '../support/mail.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const task = { mailbox: 'Recovered', mode: 'do', leases: 'respected', uidValidityFloor: 0 } as const;

/** Some days of an account's life, folded now and then; damage to anything but the messages' bytes; and a rebuild. */
async function damageAndRebuild(seed: number): Promise<void> {
  const random = new SeededRandom(seed);
  const folder = temporaryFolder();
  const { account: make, store } = await localEngine({ inlineBytes: 2_000 }, folder);
  const { log, blobs, leases, notifier } = store;
  const account = await make();
  const messages = random.integer(5, 15);
  for (let n = 1; n <= messages; n++) {
    await deliver(account, n, { mailbox: random.pick(['INBOX', 'INBOX', 'Archive', 'Drafts']) });
    const some = UidSet.of([random.integer(1, messages)]);
    if (random.chance(0.3)) await account.commit(storeFlags(inboxId, some, 'add', ['\\Seen']));
    if (random.chance(0.2)) await account.commit(copyMessages('copy', inboxId, some, 'Sent'));
    if (random.chance(0.2)) await account.commit(expungeMessages(inboxId, some));
    if (random.chance(0.3)) await account.compact();
  }
  if (random.chance(0.3)) await account.commit(deleteMailbox('Drafts'));

  const db = new DatabaseSync(join(folder, 'restante.db'), { timeout: 5000 });
  const keys = db.prepare("SELECT key FROM blobs WHERE key NOT LIKE '%/m/%'").all();
  for (const { key } of keys) {
    const draw = random.next();
    if (draw < 0.15) db.prepare('DELETE FROM blobs WHERE key = ?').run(key!);
    else if (draw < 0.3)
      db.prepare('UPDATE blobs SET bytes = substr(bytes, 1, size - 3) WHERE key = ?').run(key!);
  }
  for (const { position } of db.prepare('SELECT position FROM entries').all())
    if (random.chance(0.1)) db.prepare('DELETE FROM entries WHERE position = ?').run(position!);
  if (random.chance(0.1)) db.exec('DELETE FROM heads');
  db.close();

  const fresh = await localEngine({ log, blobs, leases, notifier });
  const rebuilt = await rebuildAccount(account.id, fresh.engine.parts, task);
  assert.ok(rebuilt.ok, `seed ${seed}: ${JSON.stringify(rebuilt)}`);
  const verdict = await verifyAccount(fresh.engine, account.id, 'deep');
  assert.deepEqual(verdict.findings, [], `seed ${seed}`);
  // Nothing was purged, so that every message is somewhere: in a mailbox, or restorable.
  const opened = await fresh.engine.open(account.id);
  assert.ok(opened.ok);
  const known = new Set(referencedMessages(await opened.value.account.whole()));
  assert.equal(known.size, messages, `seed ${seed}: ${JSON.stringify(rebuilt.value)}`);
  // And the account lives on: it can be changed and folded.
  await deliver(opened.value.account, 100);
  await opened.value.account.compact();
  opened.value.release();
  assert.equal((await verifyAccount(fresh.engine, account.id, 'deep')).differences, 0, `seed ${seed}`);
  assert.deepEqual(await store.removedAccounts(), []);
}

test('whatever of snapshots and log is damaged, a rebuild gives an account in order with every message', async () => {
  for (let seed = 1; seed <= 12; seed++) await damageAndRebuild(seed);
});
