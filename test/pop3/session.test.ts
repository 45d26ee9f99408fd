import assert from 'node:assert/strict';
import { test } from 'node:test';
import { play, pop3World } from './harness.ts';

const first = 'Subject: one\r\n\r\nHello\r\n.dot\r\n';
const second = 'Subject: two\r\n\r\nBye\r\n';

test('a session from greeting to QUIT', async (t) => {
  const world = await pop3World(t);
  await world.deliver(first, second);
  await play(
    world,
    `
    S: +OK Restante is ready
    C: USER anna@example.org
    S: +OK Send PASS
    C: PASS open sesame
    S: +OK 2 messages (${first.length + second.length} octets)
    C: STAT
    S: +OK 2 ${first.length + second.length}
    C: LIST
    S: +OK 2 messages …
    S: 1 ${first.length}
    S: 2 ${second.length}
    S: .
    C: LIST 2
    S: +OK 2 ${second.length}
    C: LIST 3
    S: -ERR There is no such message
    C: RETR 1
    S: +OK ${first.length} octets
    S: Subject: one
    S: 
    S: Hello
    S: ..dot
    S: .
    C: TOP 1 0
    S: +OK …
    S: Subject: one
    S: 
    S: .
    C: TOP 1 1
    S: +OK …
    S: Subject: one
    S: 
    S: Hello
    S: .
    C: TOP 2 999999999999999999999
    S: +OK …
    S: Subject: two
    S: 
    S: Bye
    S: .
    C: NOOP
    S: +OK …
    C: DELE 1
    S: +OK Message 1 is marked as deleted
    C: DELE 1
    S: -ERR There is no such message
    C: RETR 1
    S: -ERR There is no such message
    C: STAT
    S: +OK 1 ${second.length}
    C: LIST
    S: +OK 1 messages …
    S: 2 ${second.length}
    S: .
    C: RSET
    S: +OK 2 messages …
    C: DELE 2
    S: +OK …
    C: QUIT
    S: +OK 1 messages deleted
    S: (closed)
  `,
  );
  const inbox = world.account.state.mailboxes.named('INBOX')!;
  assert.equal(inbox.exists, 1);
  assert.equal(inbox.unseen, 0, 'what was retrieved is seen');
});

test('every command in a state it does not belong to is refused', async (t) => {
  const world = await pop3World(t);
  await play(
    world,
    `
    S: +OK …
    C: STAT
    S: -ERR Sign in first
    C: LIST
    S: -ERR Sign in first
    C: UIDL
    S: -ERR Sign in first
    C: RETR 1
    S: -ERR Sign in first
    C: DELE 1
    S: -ERR Sign in first
    C: NOOP
    S: -ERR Sign in first
    C: TOP 1 1
    S: -ERR Sign in first
    C: PASS x
    S: -ERR Send USER first
    C: RSET
    S: -ERR Sign in first
    C: UTF8
    S: +OK …
    C: AUTH PLAIN AGFubmFAZXhhbXBsZS5vcmcAb3BlbiBzZXNhbWU=
    S: +OK 0 messages (0 octets)
    C: USER anna
    S: -ERR You have signed in already
    C: PASS anna
    S: -ERR You have signed in already
    C: AUTH PLAIN
    S: -ERR You have signed in already
    C: STLS
    S: -ERR You have signed in already
    C: UTF8
    S: -ERR You have signed in already
    C: LIST
    S: +OK 0 messages (0 octets)
    S: .
    C: UIDL
    S: +OK …
    S: .
    C: QUIT
    S: +OK Bye
    S: (closed)
  `,
  );
});

test('capabilities before and after the sign-in', async (t) => {
  const world = await pop3World(t);
  const common = [
    'TOP',
    'UIDL',
    'RESP-CODES',
    'AUTH-RESP-CODE',
    'PIPELINING',
    'EXPIRE NEVER',
    'UTF8 USER',
    'LANG',
  ];
  const lines = [...common, 'USER', 'SASL PLAIN'].map((c) => `S: ${c}`).join('\n');
  await play(
    world,
    `
    S: +OK …
    C: CAPA
    S: +OK …
    ${lines}
    S: .
    C: AUTH
    S: +OK …
    S: PLAIN
    S: .
    C: LANG
    S: +OK …
    S: en English
    S: i-default …
    S: .
    C: LANG de
    S: -ERR …
    C: LANG en-GB
    S: +OK en …
    C: AUTH PLAIN
    S: + 
    C: *
    S: -ERR Cancelled
    C: AUTH PLAIN
    S: + 
    C: AGFubmFAZXhhbXBsZS5vcmcAb3BlbiBzZXNhbWU=
    S: +OK …
    C: CAPA
    S: +OK …
    ${lines}
    S: IMPLEMENTATION Restante
    S: .
  `,
  );
});

for (const [user, answer] of [
  ['nobody@example.org', '-ERR [AUTH] User name or password is wrong'],
  ['suspended@example.org', '-ERR [AUTH] This account is suspended'],
  ['off@example.org', '-ERR [AUTH] POP3 is switched off for this account'],
  ['busy@example.org', '-ERR [SYS/TEMP] …'],
  ['slow@example.org', '-ERR [LOGIN-DELAY] Too many failed sign-ins, please wait 2 seconds'],
  ['fault@example.org', '-ERR [SYS/TEMP] …'],
] as const)
  test(`the sign-in of ${user} is answered with ${answer}`, async (t) => {
    const world = await pop3World(t);
    await play(
      world,
      `S: +OK …\nC: USER ${user}\nS: +OK …\nC: PASS x\nS: ${answer}\nC: PASS x\nS: -ERR Send USER first`,
    );
  });

test('five failed sign-ins end the connection', async (t) => {
  const world = await pop3World(t);
  const attempt = 'C: USER x@example.org\nS: +OK …\nC: PASS x\nS: -ERR [AUTH] …\n';
  await play(world, `S: +OK …\n${attempt.repeat(5)}S: (closed)`);
});

test('ten lines in a row that are no commands end the connection', async (t) => {
  const world = await pop3World(t);
  await play(world, `S: +OK …\n${'C: EHLO x\nS: -ERR What is that?\n'.repeat(10)}S: (closed)`);
});

test('a line without an end is not held', async (t) => {
  const world = await pop3World(t);
  const client = await world.connect();
  await client.expect('+OK …');
  client.send(`${'x'.repeat(1_000_000)}\r\nQUIT\r\n`);
  await client.expect('-ERR The line is too long');
  await client.expect('+OK Bye');
});

test('passwords are refused without TLS', async (t) => {
  const world = await pop3World(t, { options: { allowPlaintextAuth: false } });
  await play(
    world,
    `
    S: +OK …
    C: CAPA
    S: +OK …
    S: TOP
    S: UIDL
    S: RESP-CODES
    S: AUTH-RESP-CODE
    S: PIPELINING
    S: EXPIRE NEVER
    S: UTF8 USER
    S: LANG
    S: .
    C: USER anna@example.org
    S: -ERR [AUTH] Passwords are accepted over TLS only…
    C: PASS open sesame
    S: -ERR [AUTH] …
    C: AUTH PLAIN AGFubmFAZXhhbXBsZS5vcmcAb3BlbiBzZXNhbWU=
    S: -ERR [AUTH] …
    C: STLS
    S: -ERR There is no TLS here
  `,
  );
});

test('a maildrop is open to one session at a time, and to the next when it ends', async (t) => {
  const world = await pop3World(t);
  await world.deliver(first);
  await play(
    world,
    `
    S1: +OK …
    C1: USER anna@example.org
    S1: +OK …
    C1: PASS open sesame
    S1: +OK 1 …
    S2: +OK …
    C2: USER anna@example.org
    S2: +OK …
    C2: PASS open sesame
    S2: -ERR [IN-USE] …
    C1: DELE 1
    S1: +OK …
    C1: QUIT
    S1: +OK 1 messages deleted
    S1: (closed)
    C2: USER anna@example.org
    S2: +OK …
    C2: PASS open sesame
    S2: +OK 0 …
  `,
  );
});

test('a session that is cut off deletes nothing and gives the maildrop up', async (t) => {
  const world = await pop3World(t);
  await world.deliver(first);
  const cut = await world.connect();
  await cut.signIn();
  cut.send('DELE 1\r\n');
  await cut.expect('+OK …');
  cut.close();
  for (;;) {
    const next = await world.connect();
    next.send('USER anna@example.org\r\nPASS open sesame\r\n');
    await next.expect('+OK …');
    await next.expect('+OK …');
    const answer = await next.line();
    next.close();
    if (answer?.startsWith('-ERR [IN-USE]')) continue;
    assert.equal(answer, `+OK 1 messages (${first.length} octets)`);
    return;
  }
});
