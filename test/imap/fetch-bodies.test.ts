import assert from 'node:assert/strict';
import { test } from 'node:test';
import { localEngine } from '../support/local-engine.ts';
import { inbox, multipart, plain } from './fetched-messages.ts';
import { MessageSession } from './message-session.ts';

const local = await localEngine();

test('header, text, fields and partials of a message', async () => {
  const session = new MessageSession(await inbox(local, plain));
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
  const account = await inbox(local, plain, plain);
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
  const account = await inbox(local, plain);
  const session = new MessageSession(account, 'INBOX', 'readOnly');
  assert.equal((await session.lines('FETCH 1 BODY[TEXT]<0.1>'))[0], '* 1 FETCH (BODY[TEXT]<0> {1}');
  assert.equal(account.state.mailboxes.named('INBOX')?.unseen, 1);
});

test('parts: bodies, MIME headers, messages within, and NIL for what is not there', async () => {
  const session = new MessageSession(await inbox(local, multipart));
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
  const session = new MessageSession(await inbox(local, multipart));
  assert.equal(
    await session.run(
      'FETCH 1 (BINARY.SIZE[2] BINARY.PEEK[2] BINARY.PEEK[2]<6.3> BINARY.PEEK[2]<6> BINARY.PEEK[1] BINARY.PEEK[1]<2>)',
    ),
    '* 1 FETCH (BINARY.SIZE[2] 11 BINARY[2] {11}\r\nhello world BINARY[2]<6> {3}\r\nwor BINARY[2]<6> {5}\r\nworld BINARY[1] {5}\r\nfirst BINARY[1]<2> {3}\r\nrst)\r\na OK Fetched\r\n',
  );
  for (const items of ['(UID BINARY.PEEK[4])', 'BINARY.PEEK[4]', '(BINARY.PEEK[4] BINARY.SIZE[4])'])
    assert.deepEqual(await session.lines(`FETCH 1 ${items}`), [
      '* 1 FETCH (UID 1)',
      'a NO [UNKNOWN-CTE] A part has a transfer encoding that is not known',
    ]);
});

test('octets with NUL go as literal8, decoded parts of any size arrive whole', async () => {
  const large = Buffer.alloc(3 << 20, 'abcdefg').fill(0, 5, 6);
  const encoded = large.toString('base64').replace(/.{76}/g, '$&\r\n');
  const text = `Content-Type: application/x\r\nContent-Transfer-Encoding: base64\r\n\r\n${encoded}\r\n`;
  const small = text.slice(0, text.indexOf('\r\n\r\n') + 4 + 20);
  const session = new MessageSession(await inbox(local, Buffer.from(text), Buffer.from(small)));
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
  const session = new MessageSession(await inbox(local, Buffer.from(`a: b\r\n\r\n${body}`)));
  const answer = await session.run('FETCH 1 BODY.PEEK[TEXT]');
  assert.equal(answer, `* 1 FETCH (BODY[TEXT] {${body.length}}\r\n${body})\r\na OK Fetched\r\n`);
  assert.ok(session.largestWrite <= 64 * 1024);
  assert.equal(
    await session.run('FETCH 1 BODY.PEEK[]<1000.16>'),
    `* 1 FETCH (BODY[]<1000> {16}\r\n${`a: b\r\n\r\n${body}`.slice(1000, 1016)})\r\na OK Fetched\r\n`,
  );
});
