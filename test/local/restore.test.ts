import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expungeMessages } from '../../shared/engine/actions.ts';
import { everyUid } from '../../shared/engine/mailbox.ts';
import { deleteMailbox, setLimit } from '../../shared/engine/mailbox-actions.ts';
import { rowsOf } from '../../shared/engine/rows.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import { deliver, subjects } from '../support/mail.ts';
import { accountFolder } from './account-folder.ts';

test('what was expunged comes back with flags and dates, and a running server sees it', async () => {
  const { anna: account, run } = await accountFolder();
  for (let n = 1; n <= 4; n++) await deliver(account, n, { flags: ['\\Flagged'], internalDate: 1000 + n });
  await account.commit(expungeMessages(inboxId, UidSet.of([2, 3])));

  const dry = await run('restore', 'anna@example.test', '--dry-run');
  assert.match(dry.stdout, /^INBOX +2 .*expunged\n2 messages, \d+ B, would come back\n$/m);
  assert.equal(dry.code, 0);
  await account.refresh();
  assert.equal(account.state.mailboxes.get(inboxId)!.exists, 2);

  const done = await run('restore', 'anna@example.test');
  assert.match(done.stdout, /2 messages, \d+ B, came back/);
  await account.refresh();
  assert.deepEqual(await subjects(account, 'INBOX'), ['message 1', 'message 4', 'message 2', 'message 3']);
  const rows = [...rowsOf(account.state.mailboxes.get(inboxId)!.chunks)];
  assert.deepEqual(
    rows.map(({ internalDate }) => internalDate),
    [1001, 1004, 1002, 1003],
  );
  assert.ok(rows.every(({ flags }) => account.state.flags.set(flags).flags.includes('\\Flagged')));

  const again = await run('restore', 'anna@example.test');
  assert.deepEqual([again.code, again.stdout], [0, 'nothing to restore\n']);
});

test('--mailbox and --since choose, and a mailbox that was deleted comes back whole', async () => {
  const { anna: account, run } = await accountFolder();
  await deliver(account, 1);
  for (let n = 2; n <= 3; n++) await deliver(account, n, { mailbox: 'Archive' });
  await account.commit(expungeMessages(inboxId, everyUid));
  await account.commit(deleteMailbox('Archive'));
  const later = await run('restore', 'anna@example.test', '--since', '0', '--mailbox', 'inbox');
  assert.equal(later.code, 0);
  const json = await run('restore', 'anna@example.test', '--mailbox', 'Archive', '--json');
  assert.deepEqual(
    JSON.parse(json.stdout).map((each: { bytes: number }) => ({ ...each, bytes: 0 })),
    [{ mailbox: 'Archive', source: 'deleted', messages: 2, bytes: 0 }],
  );
  await account.refresh();
  assert.deepEqual(await subjects(account, 'Archive'), ['message 2', 'message 3']);
});

test('what is in the way is said, and nothing is changed then', async () => {
  const { anna: account, run } = await accountFolder();
  await deliver(account, 1);
  await account.commit(expungeMessages(inboxId, everyUid));
  await account.commit(setLimit(10));
  const over = await run('restore', 'anna@example.test');
  assert.deepEqual([over.code, over.stderr], [1, 'restante: over the quota\n']);
  assert.match((await run('restore', 'anna@example.test', '--mailbox', 'Nowhere')).stderr, /no such mailbox/);
  assert.match((await run('restore', 'nobody@example.test')).stderr, /nobody@example\.test/);
  const wrong = await run('restore', 'anna@example.test', '--since', 'yesterday');
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /"yesterday" is neither a time/);
  assert.equal((await run('restore', 'anna@example.test', '--over-quota')).code, 0);
});
