import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UidSet } from '../../shared/engine/uid-set.ts';
import { localEngine } from '../support/local-engine.ts';
import { memoryEngine, memoryStore, openIn } from '../support/memory-engine.ts';
import { inbox, multipart, plain } from './fetched-messages.ts';
import { deliver, MessageSession } from './message-session.ts';

const local = await localEngine();

test('flags, UIDs, sizes and dates come from the mailbox alone', async () => {
  const session = new MessageSession(await inbox(local, plain, 'x: y\n\n'));
  assert.deepEqual(await session.lines('FETCH 1:* (FLAGS UID)'), [
    '* 1 FETCH (UID 1 FLAGS ())',
    '* 2 FETCH (UID 2 FLAGS ())',
    'a OK Fetched',
  ]);
  assert.deepEqual(await session.lines('UID FETCH 2 FAST'), [
    '* 2 FETCH (UID 2 FLAGS () INTERNALDATE "31-Jan-1994 07:06:40 +0000" RFC822.SIZE 8)',
    'a OK Fetched',
  ]);
});

test('\\Recent is shown from the session’s first message on, and never to a rev2 client', async () => {
  const session = new MessageSession(await inbox(local, plain, plain));
  Object.assign(session.state.selected, { recent: UidSet.of([2]) });
  assert.deepEqual((await session.lines('FETCH 1:2 FLAGS')).slice(0, 2), [
    '* 1 FETCH (FLAGS ())',
    '* 2 FETCH (FLAGS (\\Recent))',
  ]);
  session.enabled.rev2 = true;
  assert.equal((await session.lines('FETCH 2 FLAGS'))[0], '* 2 FETCH (FLAGS ())');
});

test('a number that no message has is BAD, a UID that none has is nothing', async () => {
  const session = new MessageSession(await inbox(local, plain));
  assert.match(await session.run('FETCH 2 FLAGS'), /^a BAD /);
  assert.match(await session.run('FETCH 1:2 FLAGS'), /^a BAD /);
  assert.match(await session.run('UID FETCH 7:9 FLAGS'), /^a OK /);
  assert.deepEqual(await session.lines('UID FETCH 9:* FLAGS'), [
    '* 1 FETCH (UID 1 FLAGS ())',
    'a OK Fetched',
  ]);
  assert.match(await new MessageSession(await inbox(local)).run('FETCH 1:* FLAGS'), /^a BAD /);
});

test('envelope, structure, ids and preview', async () => {
  const session = new MessageSession(await inbox(local, plain, plain.replace('<1@', '<2@')));
  const [line] = await session.lines('FETCH 1 (ENVELOPE BODYSTRUCTURE BODY)');
  assert.equal(
    line,
    '* 1 FETCH (ENVELOPE ("Mon, 7 Feb 1994 21:52:25 -0800" "Lunch" (("Ann" NIL "ann" "example.org")) (("Ann" NIL "ann" "example.org"))' +
      ' (("Ann" NIL "ann" "example.org")) ((NIL NIL "bob" "example.com")) NIL NIL NIL "<1@example.org>")' +
      ' BODYSTRUCTURE ("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 11 1 NIL NIL NIL NIL)' +
      ' BODY ("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 11 1))',
  );
  const lines = await session.lines('FETCH 1:2 (EMAILID THREADID PREVIEW (LAZY) SAVEDATE)');
  const found = lines
    .slice(0, 2)
    .map((one) => /EMAILID \((\w{26})\) THREADID \(([\w-]{23})\) PREVIEW "Shall we\?" SAVEDATE "/.exec(one)!);
  assert.notEqual(found[0]![1], found[1]![1]);
  assert.equal(found[0]![2], found[1]![2], 'one thread');
});

test('CHANGEDSINCE sends what changed, and VANISHED what went', async () => {
  const account = await inbox(local, plain, plain, plain);
  const session = new MessageSession(account);
  const since = account.state.mailboxes.named('INBOX')!.highestModSeq;
  assert.match(await session.run(`UID FETCH 1:* FLAGS (CHANGEDSINCE ${since} VANISHED)`), /^a BAD /);
  Object.assign(session.enabled, { condStore: true, qresync: true });
  const other = new MessageSession(account);
  await other.run('STORE 3 +FLAGS.SILENT (\\Flagged)');
  await other.run('STORE 1 +FLAGS.SILENT (\\Deleted)');
  await other.run('EXPUNGE');
  assert.deepEqual(await session.lines('NOOP'), [
    '* VANISHED 1',
    `* 2 FETCH (UID 3 FLAGS (\\Flagged) MODSEQ (${since + 1}))`,
    'a OK Done',
  ]);
  assert.deepEqual(await session.lines(`UID FETCH 1:* FLAGS (CHANGEDSINCE ${since} VANISHED)`), [
    '* VANISHED (EARLIER) 1',
    `* 2 FETCH (UID 3 FLAGS (\\Flagged) MODSEQ (${since + 1}))`,
    'a OK Fetched',
  ]);
});

test('a message that another session expunged can still be fetched', async () => {
  const account = await inbox(local, plain, multipart, plain);
  const session = new MessageSession(account);
  const other = new MessageSession(account);
  await other.run('STORE 2 +FLAGS (\\Deleted)');
  await other.run('EXPUNGE');
  assert.equal((await session.lines('FETCH 1 FLAGS'))[0], '* 1 FETCH (FLAGS ())');
  assert.deepEqual(await session.lines('FETCH 2:3 (FLAGS BODY.PEEK[1]<0.5>)'), [
    '* 2 FETCH (FLAGS () BODY[1]<0> {5}',
    'first)',
    '* 3 FETCH (FLAGS () BODY[1]<0> {5}',
    'Shall)',
    'a OK Fetched',
  ]);
  assert.deepEqual(await session.lines('NOOP'), ['* 2 EXPUNGE', 'a OK Done']);
});

test('a message whose bytes are gone is left out, and the answer says so', async () => {
  const account = await inbox(local, plain, plain, plain);
  const session = new MessageSession(account);
  const [id] = await account.emailIds([2]);
  const { messageKey } = await import('../../shared/ids.ts');
  await local.store.blobs.delete([messageKey(account.id, id!)]);
  assert.deepEqual(await session.lines('FETCH 1:3 BODY.PEEK[TEXT]<0.1>'), [
    '* 1 FETCH (BODY[TEXT]<0> {1}',
    'S)',
    '* 3 FETCH (BODY[TEXT]<0> {1}',
    'S)',
    'a NO [EXPUNGEISSUED] Some of these messages no longer exist',
  ]);
});

test('thousands of messages are answered in order and in bounded writes', async () => {
  const account = await inbox(local, ...Array.from({ length: 2500 }, (_, i) => `Subject: ${i + 1}\n\n`));
  const session = new MessageSession(account);
  const lines = await session.lines('FETCH 1:* BODY.PEEK[HEADER.FIELDS (SUBJECT)]');
  const subjects = lines.filter((line) => line.startsWith('Subject')).map((line) => Number(line.slice(9)));
  assert.deepEqual(
    subjects,
    Array.from({ length: 2500 }, (_, i) => i + 1),
  );
  assert.ok(session.largestWrite < 64 * 1024);
  assert.equal((await session.lines('FETCH 1:* (UID FLAGS)')).length, 2501);
});

test('flags set by a FETCH whose body could not be read are told all the same, once', async () => {
  let broken = false;
  const { blobs } = local.store;
  const failing: typeof blobs = {
    put: (key, body) => blobs.put(key, body),
    get: (key, range) => (broken ? Promise.reject(new Error('no answer')) : blobs.get(key, range)),
    delete: (keys) => blobs.delete(keys),
    list: (prefix, after) => blobs.list(prefix, after),
  };
  const own = await localEngine({ log: local.store.log, blobs: failing });
  const account = await own.account();
  await deliver(account, 'INBOX', [{ text: plain }]);
  const session = new MessageSession(account);
  broken = true;
  const answer = await session.lines('FETCH 1 (BODY[])');
  assert.match(answer.at(-1) ?? '', /^\S+ NO \[UNAVAILABLE\]/);
  assert.deepEqual(
    answer.filter((line) => line.includes('FLAGS')),
    ['* 1 FETCH (FLAGS (\\Seen))'],
  );
  broken = false;
  const again = await session.lines('FETCH 1 (BODY[1])');
  assert.deepEqual(
    again.filter((line) => line.includes('FLAGS')),
    [],
  );
});

test('a preview is told without a look at the body, whoever asks for it', async () => {
  const store = memoryStore();
  const account = await openIn(memoryEngine(store));
  const html = 'Content-Type: text/html\n\n<p>Shall <b>we</b>?';
  await deliver(account, 'INBOX', [{ text: plain }, { text: html }, { text: 'Subject: none\n\n' }]);
  await account.compact();
  const elsewhere = await openIn(memoryEngine(store), account.id);
  await elsewhere.load(elsewhere.state.mailboxes.named('INBOX')!.id);
  const fresh = new MessageSession(elsewhere);
  const before = { ...store.blobs.counts };
  assert.deepEqual(await fresh.lines('FETCH 1:* PREVIEW'), [
    '* 1 FETCH (PREVIEW "Shall we?")',
    '* 2 FETCH (PREVIEW "Shall we?")',
    '* 3 FETCH (PREVIEW "")',
    'a OK Fetched',
  ]);
  assert.equal(store.blobs.counts.gets - before.gets, 1, 'the segment of their records');
});
