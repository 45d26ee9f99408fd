import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Account } from '../../shared/engine/account.ts';
import { localEngine } from '../support/local-engine.ts';
import { memoryEngine, memoryStore, openIn } from '../support/memory-engine.ts';
import { deliver, MessageSession } from './message-session.ts';

const local = await localEngine();

const plain = `From: Ann <ann@example.org>
To: bob@example.com
Subject: Lunch
Date: Mon, 7 Feb 1994 21:52:25 -0800
Message-ID: <1@example.org>
References: <root@example.org> <0@example.org>

Shall we?
`;

const multipart = `Subject: parts
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=x

--x
Content-Type: text/plain

first
--x
Content-Type: application/octet-stream
Content-Transfer-Encoding: base64

aGVsbG8gd29ybGQ=
--x
Content-Type: message/rfc822

Subject: inner

inside
--x
Content-Type: text/plain
Content-Transfer-Encoding: x-unheard-of

?
--x--
`;

const at = 760_000_000;

async function inbox(...texts: (string | Uint8Array)[]): Promise<Account> {
  const account = await local.account();
  await deliver(
    account,
    'INBOX',
    texts.map((text) => ({ text, internalDate: at })),
  );
  return account;
}

test('flags, UIDs, sizes and dates come from the mailbox alone', async () => {
  const session = new MessageSession(await inbox(plain, 'x: y\n\n'));
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
  const session = new MessageSession(await inbox(plain, plain));
  Object.assign(session.state.selected, { recentFrom: 2 });
  assert.deepEqual((await session.lines('FETCH 1:2 FLAGS')).slice(0, 2), [
    '* 1 FETCH (FLAGS ())',
    '* 2 FETCH (FLAGS (\\Recent))',
  ]);
  session.enabled.rev2 = true;
  assert.equal((await session.lines('FETCH 2 FLAGS'))[0], '* 2 FETCH (FLAGS ())');
});

test('a number that no message has is BAD, a UID that none has is nothing', async () => {
  const session = new MessageSession(await inbox(plain));
  assert.match(await session.run('FETCH 2 FLAGS'), /^a BAD /);
  assert.match(await session.run('FETCH 1:2 FLAGS'), /^a BAD /);
  assert.match(await session.run('UID FETCH 7:9 FLAGS'), /^a OK /);
  assert.deepEqual(await session.lines('UID FETCH 9:* FLAGS'), [
    '* 1 FETCH (UID 1 FLAGS ())',
    'a OK Fetched',
  ]);
  assert.match(await new MessageSession(await inbox()).run('FETCH 1:* FLAGS'), /^a BAD /);
});

test('header, text, fields and partials of a message', async () => {
  const session = new MessageSession(await inbox(plain));
  const [head, body] = plain.replaceAll('\n', '\r\n').split('\r\n\r\n') as [string, string];
  assert.equal(
    await session.run('FETCH 1 (BODY.PEEK[HEADER] BODY.PEEK[TEXT] BODY.PEEK[])'),
    `* 1 FETCH (BODY[HEADER] {${head.length + 4}}\r\n${head}\r\n\r\n BODY[TEXT] {${body.length}}\r\n${body}` +
      ` BODY[] {${head.length + 4 + body.length}}\r\n${head}\r\n\r\n${body})\r\na OK Fetched\r\n`,
  );
  assert.equal(
    await session.run(
      'FETCH 1 (BODY.PEEK[HEADER.FIELDS (subject x-no)] BODY.PEEK[1]<6.100> BODY.PEEK[TEXT]<99.1>)',
    ),
    '* 1 FETCH (BODY[HEADER.FIELDS (subject x-no)] {18}\r\nSubject: Lunch\r\n\r\n BODY[1]<6> {5}\r\nwe?\r\n BODY[TEXT]<99> {0}\r\n)\r\na OK Fetched\r\n',
  );
  assert.equal(
    await session.run(
      'FETCH 1 (BODY.PEEK[HEADER.FIELDS.NOT (from to date message-id references)] RFC822.HEADER)',
    ),
    `* 1 FETCH (BODY[HEADER.FIELDS.NOT (from to date message-id references)] {18}\r\nSubject: Lunch\r\n\r\n RFC822.HEADER {${head.length + 4}}\r\n${head}\r\n\r\n)\r\na OK Fetched\r\n`,
  );
});

test('reading a body sets \\Seen, and says so in the same response', async () => {
  const account = await inbox(plain, plain);
  const session = new MessageSession(account);
  const position = account.state.position;
  assert.deepEqual(await session.lines('FETCH 1:2 BODY[TEXT]<0.3>'), [
    '* 1 FETCH (FLAGS (\\Seen) BODY[TEXT]<0> {3}',
    'Sha)',
    '* 2 FETCH (FLAGS (\\Seen) BODY[TEXT]<0> {3}',
    'Sha)',
    'a OK Fetched',
  ]);
  assert.equal(account.state.position, position + 1, 'one entry for the whole command');
  assert.equal(
    (await session.lines('FETCH 1 (FLAGS RFC822.TEXT)'))[0],
    '* 1 FETCH (FLAGS (\\Seen) RFC822.TEXT {11}',
  );
  assert.equal(account.state.position, position + 1, 'nothing to write where all are seen');
});

test('a mailbox that was examined keeps its messages unseen', async () => {
  const account = await inbox(plain);
  const session = new MessageSession(account, 'INBOX', 'readOnly');
  assert.equal((await session.lines('FETCH 1 BODY[TEXT]<0.1>'))[0], '* 1 FETCH (BODY[TEXT]<0> {1}');
  assert.equal(account.state.mailboxes.named('INBOX')?.unseen, 1);
});

test('parts: bodies, MIME headers, messages within, and NIL for what is not there', async () => {
  const session = new MessageSession(await inbox(multipart));
  assert.deepEqual(
    await session.lines(
      'FETCH 1 (BODY.PEEK[1] BODY.PEEK[1.MIME] BODY.PEEK[3.HEADER] BODY.PEEK[3.TEXT] BODY.PEEK[3.1] BODY.PEEK[3.HEADER.FIELDS (subject)] BODY.PEEK[9] BODY.PEEK[1.HEADER])',
    ),
    [
      '* 1 FETCH (BODY[1] {5}',
      'first BODY[1.MIME] {28}',
      'Content-Type: text/plain',
      '',
      ' BODY[3.HEADER] {18}',
      'Subject: inner',
      '',
      ' BODY[3.TEXT] {6}',
      'inside BODY[3.1] {6}',
      'inside BODY[3.HEADER.FIELDS (subject)] {18}',
      'Subject: inner',
      '',
      ' BODY[9] NIL BODY[1.HEADER] NIL)',
      'a OK Fetched',
    ],
  );
});

test('BINARY decodes, BINARY.SIZE counts what it decodes to', async () => {
  const session = new MessageSession(await inbox(multipart));
  assert.equal(
    await session.run('FETCH 1 (BINARY.SIZE[2] BINARY.PEEK[2] BINARY.PEEK[2]<6.3> BINARY.PEEK[1])'),
    '* 1 FETCH (BINARY.SIZE[2] 11 BINARY[2] {11}\r\nhello world BINARY[2]<6> {3}\r\nwor BINARY[1] {5}\r\nfirst)\r\na OK Fetched\r\n',
  );
  assert.deepEqual(await session.lines('FETCH 1 (UID BINARY.PEEK[4])'), [
    '* 1 FETCH (UID 1)',
    'a NO [UNKNOWN-CTE] A part has a transfer encoding that is not known',
  ]);
});

test('octets with NUL go as literal8, decoded parts of any size arrive whole', async () => {
  const large = Buffer.alloc(3 << 20, 'abcdefg').fill(0, 5, 6);
  const encoded = large.toString('base64').replace(/.{76}/g, '$&\r\n');
  const text = `Content-Type: application/x\r\nContent-Transfer-Encoding: base64\r\n\r\n${encoded}\r\n`;
  const small = text.slice(0, text.indexOf('\r\n\r\n') + 4 + 20);
  const session = new MessageSession(await inbox(Buffer.from(text), Buffer.from(small)));
  const whole = await session.run('FETCH 1 (BINARY.SIZE[1] BINARY.PEEK[1])');
  const announced = `* 1 FETCH (BINARY.SIZE[1] ${large.length} BINARY[1] ~{${large.length}}\r\n`;
  assert.ok(whole.startsWith(announced));
  assert.ok(
    large.equals(Buffer.from(whole.slice(announced.length, announced.length + large.length), 'latin1')),
  );
  assert.ok(whole.endsWith(')\r\na OK Fetched\r\n'));
  assert.match(
    await session.run(`FETCH 1 BINARY.PEEK[1]<${large.length - 2}.10>`),
    /^\* 1 FETCH \(BINARY\[1\]<\d+> ~\{2\}\r\n..\)\r\n/,
  );
  assert.match(await session.run('FETCH 2 BINARY.PEEK[1]<0.5>'), /BINARY\[1\]<0> \{5\}\r\nabcde\)/);
  assert.match(await session.run('FETCH 2 BINARY.PEEK[1]'), /BINARY\[1\] ~\{15\}\r\nabcde\0/);
});

test('large bodies pass in pieces, and of a range only the range', async () => {
  const body = 'x'.repeat(998).concat('\r\n').repeat(2000);
  const session = new MessageSession(await inbox(Buffer.from(`a: b\r\n\r\n${body}`)));
  const answer = await session.run('FETCH 1 BODY.PEEK[TEXT]');
  assert.equal(answer, `* 1 FETCH (BODY[TEXT] {${body.length}}\r\n${body})\r\na OK Fetched\r\n`);
  assert.ok(session.largestWrite <= 64 * 1024);
  assert.equal(
    await session.run('FETCH 1 BODY.PEEK[]<1000.16>'),
    `* 1 FETCH (BODY[]<1000> {16}\r\n${`a: b\r\n\r\n${body}`.slice(1000, 1016)})\r\na OK Fetched\r\n`,
  );
});

test('envelope, structure, ids and preview', async () => {
  const session = new MessageSession(await inbox(plain, plain.replace('<1@', '<2@')));
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
  const account = await inbox(plain, plain, plain);
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
  const account = await inbox(plain, multipart, plain);
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
  const account = await inbox(plain, plain, plain);
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
  const account = await inbox(...Array.from({ length: 2500 }, (_, i) => `Subject: ${i + 1}\n\n`));
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
