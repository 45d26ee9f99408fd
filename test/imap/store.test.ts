import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Account } from '../../shared/engine/account.ts';
import { createMailbox, deleteMailbox, setLimit } from '../../shared/engine/mailbox-actions.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import { localEngine } from '../support/local-engine.ts';
import { deliver, MessageSession } from './message-session.ts';

const local = await localEngine();

async function inbox(count: number): Promise<Account> {
  const account = await local.account();
  await deliver(
    account,
    'INBOX',
    Array.from({ length: count }, (_, i) => ({ text: `Subject: ${i + 1}\n\nbody\n` })),
  );
  return account;
}

const highest = (account: Account): number => account.state.mailboxes.named('INBOX')!.highestModSeq;

test('STORE answers with the flags of every message named, and new keywords are announced first', async () => {
  const session = new MessageSession(await inbox(2));
  assert.deepEqual(await session.lines('STORE 1:2 +FLAGS (\\Seen $Label1)'), [
    '* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Label1)',
    '* 1 FETCH (FLAGS (\\Seen $Label1))',
    '* 2 FETCH (FLAGS (\\Seen $Label1))',
    'a OK Stored',
  ]);
  assert.deepEqual(await session.lines('UID STORE 2 FLAGS ($label1)'), [
    '* 2 FETCH (UID 2 FLAGS ($Label1))',
    'a OK Stored',
  ]);
  assert.deepEqual(await session.lines('STORE 1 -FLAGS (\\Seen \\Draft)'), [
    '* 1 FETCH (FLAGS ($Label1))',
    'a OK Stored',
  ]);
});

test('a hundred thousand flags are one entry', async () => {
  const account = await inbox(1200);
  const session = new MessageSession(account);
  const { position } = account.state;
  assert.equal(await session.run('STORE 1:* +FLAGS.SILENT (\\Seen)'), 'a OK Stored\r\n');
  assert.equal(account.state.position, position + 1);
  assert.equal(account.state.mailboxes.named('INBOX')!.unseen, 0);
});

test('.SILENT is silent about what the client knows, not about what others did', async () => {
  const account = await inbox(3);
  const session = new MessageSession(account);
  const other = new MessageSession(account);
  await other.run('STORE 2 +FLAGS.SILENT (\\Flagged)');
  assert.deepEqual(await session.lines('STORE 1:2 +FLAGS.SILENT (\\Seen)'), [
    '* 2 FETCH (FLAGS (\\Seen \\Flagged))',
    'a OK Stored',
  ]);
  assert.deepEqual(await other.lines('NOOP'), [
    '* 1 FETCH (FLAGS (\\Seen))',
    '* 2 FETCH (FLAGS (\\Seen \\Flagged))',
    'a OK Done',
  ]);
  await other.run('STORE 3 +FLAGS.SILENT (\\Draft)');
  assert.deepEqual(await session.lines('STORE 3 FLAGS.SILENT (\\Seen)'), ['a OK Stored']);
});

test('with CONDSTORE the new mod-sequence is always told', async () => {
  const account = await inbox(2);
  const session = new MessageSession(account);
  session.enabled.condStore = true;
  const since = highest(account);
  assert.deepEqual(await session.lines('STORE 1:2 +FLAGS.SILENT (\\Seen)'), [
    `* 1 FETCH (UID 1 MODSEQ (${since + 1}))`,
    `* 2 FETCH (UID 2 MODSEQ (${since + 1}))`,
    'a OK Stored',
  ]);
  assert.deepEqual(await session.lines('UID STORE 1 -FLAGS (\\Seen)'), [
    `* 1 FETCH (UID 1 FLAGS () MODSEQ (${since + 2}))`,
    'a OK Stored',
  ]);
});

test('UNCHANGEDSINCE leaves alone what changed, and lists it', async () => {
  const account = await inbox(4);
  const session = new MessageSession(account);
  const since = highest(account);
  await session.run('STORE 2,4 +FLAGS.SILENT (\\Flagged)');
  assert.deepEqual(await session.lines(`STORE 1:4 (UNCHANGEDSINCE ${since}) +FLAGS.SILENT (\\Deleted)`), [
    `* OK [HIGHESTMODSEQ ${since + 1}] Highest`,
    `* 1 FETCH (UID 1 MODSEQ (${since + 2}))`,
    `* 3 FETCH (UID 3 MODSEQ (${since + 2}))`,
    'a OK [MODIFIED 2,4] Some had changed and were left alone',
  ]);
  assert.deepEqual(await session.lines('UID STORE 1 (UNCHANGEDSINCE 0) FLAGS.SILENT ()'), [
    'a OK [MODIFIED 1] Some had changed and were left alone',
  ]);
});

test('a ghost cannot be changed or copied', async () => {
  const account = await inbox(3);
  const session = new MessageSession(account);
  const other = new MessageSession(account);
  await other.run('STORE 2 +FLAGS.SILENT (\\Deleted)');
  await other.run('EXPUNGE');
  await session.run('FETCH 1 UID');
  const gone = 'a NO [EXPUNGEISSUED] Some of these messages no longer exist';
  assert.deepEqual(await session.lines('STORE 1:3 +FLAGS (\\Seen)'), [
    '* 1 FETCH (FLAGS (\\Seen))',
    '* 3 FETCH (FLAGS (\\Seen))',
    gone,
  ]);
  assert.deepEqual(await session.lines('STORE 2 +FLAGS.SILENT (\\Seen)'), [gone.replace('NO', 'OK')]);
  assert.deepEqual(await session.lines('COPY 1:3 Archive'), [
    '* 2 EXPUNGE',
    'a NO [EXPUNGEISSUED] Some of these messages no longer exist; nothing was done',
  ]);
  assert.equal(account.state.mailboxes.named('Archive')!.exists, 0);
});

test('nothing is changed in a mailbox that was examined, but copies can be made of it', async () => {
  const account = await inbox(1);
  const session = new MessageSession(account, 'INBOX', 'readOnly');
  const { position } = account.state;
  for (const command of ['STORE 1 +FLAGS (\\Seen)', 'EXPUNGE', 'UID EXPUNGE 1', 'MOVE 1 Archive'])
    assert.deepEqual(await session.lines(command), ['a NO The mailbox is selected read-only']);
  assert.equal(account.state.position, position);
  assert.match(await session.run('COPY 1 Archive'), /^a OK \[COPYUID \d+ 1 1\] 1 copied/);
});

test('COPY pairs UIDs off, and keeps flags and dates', async () => {
  const account = await inbox(3);
  const session = new MessageSession(account);
  await session.run('STORE 3 FLAGS.SILENT (\\Flagged)');
  const { uidValidity } = account.state.mailboxes.named('Archive')!;
  assert.deepEqual(await session.lines('COPY 3,1 Archive'), [
    `a OK [COPYUID ${uidValidity} 1,3 1:2] 2 copied`,
  ]);
  assert.deepEqual(await session.lines('UID COPY 9 Archive'), ['a OK 0 copied']);
  assert.match(await session.run('COPY 4 Archive'), /^a BAD /);
  const archive = new MessageSession(account, 'Archive');
  assert.deepEqual(await archive.lines('FETCH 1:* (UID FLAGS)'), [
    '* 1 FETCH (UID 1 FLAGS ())',
    '* 2 FETCH (UID 2 FLAGS (\\Flagged))',
    'a OK Fetched',
  ]);
  assert.deepEqual(await session.lines('COPY 1 INBOX'), [
    '* 4 EXISTS',
    '* 1 RECENT',
    `a OK [COPYUID ${account.state.mailboxes.named('INBOX')!.uidValidity} 1 4] 1 copied`,
  ]);
});

test('a destination that is missing can be created, one that is over quota cannot be filled', async () => {
  const account = await inbox(1);
  const session = new MessageSession(account);
  assert.deepEqual(await session.lines('COPY 1 Nowhere'), ['a NO [TRYCREATE] No such mailbox']);
  assert.deepEqual(await session.lines('MOVE 1 Nowhere'), ['a NO [TRYCREATE] No such mailbox']);
  await account.commit(setLimit(10));
  assert.deepEqual(await session.lines('COPY 1 Archive'), ['a NO [OVERQUOTA] The mailbox is full']);
  assert.match(
    (await session.lines('MOVE 1 Archive')).join('\n'),
    /^\* OK \[COPYUID .*\n\* 1 EXPUNGE\na OK 1 moved$/,
  );
});

test('MOVE tells the new UIDs before the messages go', async () => {
  const account = await inbox(4);
  const session = new MessageSession(account);
  const { uidValidity } = account.state.mailboxes.named('Trash')!;
  assert.deepEqual(await session.lines('MOVE 1,3 Trash'), [
    `* OK [COPYUID ${uidValidity} 1,3 1:2] Moved`,
    '* 3 EXPUNGE',
    '* 1 EXPUNGE',
    'a OK 2 moved',
  ]);
  Object.assign(session.enabled, { condStore: true, qresync: true });
  assert.deepEqual(await session.lines('UID MOVE 1:* Trash'), [
    `* OK [COPYUID ${uidValidity} 2,4 3:4] Moved`,
    '* VANISHED 2,4',
    `a OK [HIGHESTMODSEQ ${highest(account)}] 2 moved`,
  ]);
});

test('EXPUNGE takes what is marked, UID EXPUNGE only what it names', async () => {
  const account = await inbox(6);
  const session = new MessageSession(account);
  await session.run('STORE 1,3,5:6 +FLAGS.SILENT (\\Deleted)');
  assert.deepEqual(await session.lines('UID EXPUNGE 2:3'), ['* 3 EXPUNGE', 'a OK 1 expunged']);
  assert.deepEqual(await session.lines('EXPUNGE'), [
    '* 5 EXPUNGE',
    '* 4 EXPUNGE',
    '* 1 EXPUNGE',
    'a OK 3 expunged',
  ]);
  assert.deepEqual(await session.lines('EXPUNGE'), ['a OK 0 expunged']);
  assert.deepEqual(await session.lines('FETCH 1:* UID'), [
    '* 1 FETCH (UID 2)',
    '* 2 FETCH (UID 4)',
    'a OK Fetched',
  ]);
  Object.assign(session.enabled, { condStore: true, qresync: true });
  await session.run('STORE 2 +FLAGS.SILENT (\\Deleted)');
  assert.deepEqual(await session.lines('EXPUNGE'), [
    '* VANISHED 4',
    `a OK [HIGHESTMODSEQ ${highest(account)}] 1 expunged`,
  ]);
});

test('what came unannounced is not expunged', async () => {
  const account = await inbox(1);
  const session = new MessageSession(account);
  await deliver(account, 'INBOX', [{ text: 'a: b\n\n', flags: ['\\Deleted'] }]);
  assert.deepEqual(await session.lines('EXPUNGE'), ['* 2 EXISTS', '* 1 RECENT', 'a OK 0 expunged']);
  assert.deepEqual(await session.lines('EXPUNGE'), ['* 2 EXPUNGE', 'a OK 1 expunged']);
});

test('.SILENT tells the mod-sequence that another session gave meanwhile, also where nothing was left to change', async () => {
  const account = await inbox(1);
  const session = new MessageSession(account);
  session.enabled.condStore = true;
  await new MessageSession(account).run('STORE 1 +FLAGS.SILENT (\\Seen)');
  assert.deepEqual(await session.lines('STORE 1 +FLAGS.SILENT (\\Seen)'), [
    `* 1 FETCH (UID 1 MODSEQ (${highest(account)}))`,
    'a OK Stored',
  ]);
});

test('after its mailbox was deleted, a session is refused changes', async () => {
  const account = await local.account();
  await account.commit(createMailbox('Old'));
  await deliver(account, 'Old', [{ text: 'a: b\n\n' }]);
  const session = new MessageSession(account, 'Old');
  await account.commit(deleteMailbox('Old'));
  for (const command of ['STORE 1 +FLAGS (\\Seen)', 'EXPUNGE', 'COPY 1 INBOX', 'MOVE 1 INBOX'])
    assert.deepEqual(await session.lines(command), ['a NO [NONEXISTENT] No such mailbox']);
  assert.deepEqual(await session.lines('FETCH 1 BODY[]<0.1>'), [
    '* 1 FETCH (BODY[]<0> {1}',
    'a)',
    'a OK Fetched',
  ]);
});

test('lines of flags that are kept encoded are right for every session, and after every change', async () => {
  const account = await inbox(600);
  const session = new MessageSession(account);
  Object.assign(session.state.selected, { recent: UidSet.of([600]) });
  const ask = async (by: MessageSession, command = 'UID FETCH 1:* (FLAGS)') => {
    const asked = [await by.lines(command), await by.lines(command), await by.lines(command)];
    assert.deepEqual(asked[1], asked[0]);
    assert.deepEqual(asked[2], asked[0]);
    return asked[0]!;
  };
  assert.equal((await ask(session))[599], '* 600 FETCH (UID 600 FLAGS (\\Recent))');
  const second = new MessageSession(account);
  assert.equal((await ask(second))[599], '* 600 FETCH (UID 600 FLAGS ())');
  assert.equal((await ask(second, 'FETCH 1:* (FLAGS)'))[0], '* 1 FETCH (FLAGS ())');
  await second.run('FETCH 1 (MODSEQ)');
  assert.match(
    (await ask(second, 'FETCH 1:* (FLAGS MODSEQ)'))[1]!,
    /^\* 2 FETCH \(FLAGS \(\) MODSEQ \(\d+\)\)$/,
  );
  assert.equal((await ask(session))[599], '* 600 FETCH (UID 600 FLAGS (\\Recent))');
  await second.run('UID STORE 3 +FLAGS.SILENT (\\Seen \\Deleted)');
  assert.equal((await ask(second))[2], '* 3 FETCH (UID 3 FLAGS (\\Seen \\Deleted))');
  await second.run('EXPUNGE');
  const after = await ask(second);
  assert.equal(after[2], '* 3 FETCH (UID 4 FLAGS ())');
  assert.equal(after[598], '* 599 FETCH (UID 600 FLAGS ())');
});
