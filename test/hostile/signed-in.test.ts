import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { memoryLog } from '../../shared/telemetry/log.ts';
import { openGround, password } from '../imap/test-server.ts';
import { WireClient } from '../imap/wire-client.ts';

async function ground(t: TestContext) {
  const here = await openGround();
  const person = await here.person();
  const log = memoryLog();
  const server = await here.server({}, log);
  t.after(() => server.close(0));
  const { port } = server.listeners[0]!;
  const signedIn = async () => {
    const client = await WireClient.connect(port);
    await client.nextLine();
    await client.command(`a LOGIN ${person.address} ${password}`);
    await client.command('b SELECT INBOX');
    t.after(() => client.close());
    return client;
  };
  /** Nothing went wrong on our side, and no password is in the log. */
  const unharmed = async (client: WireClient) => {
    assert.match((await client.command('z NOOP')).at(-1) ?? '', /^z OK/);
    const faults = log.events.filter(({ event }) => /fault|unsettled|unavailable/.test(event.event));
    assert.deepEqual(faults, []);
    assert.ok(!JSON.stringify(log.events).includes(password));
  };
  return { person, server, port, signedIn, unharmed };
}

test('parentheses without end are BAD, wherever they are nested', async (t) => {
  const { signedIn, unharmed } = await ground(t);
  const client = await signedIn();
  const deep = 5000;
  for (const [tag, command] of [
    ['c', `SEARCH ${'('.repeat(deep)}ALL${')'.repeat(deep)}`],
    ['d', `SEARCH ${'NOT '.repeat(deep)}ALL`],
    ['e', `SEARCH ${'OR ALL '.repeat(deep)}ALL`],
    ['f', `FETCH 1 ${'('.repeat(deep)}FLAGS${')'.repeat(deep)}`],
    ['g', `LIST ${'('.repeat(deep)} "" *`],
    ['h', `STORE 1 FLAGS ${'('.repeat(deep)}`],
    ['i', `ID ${'('.repeat(deep)}`],
    ['j', `FETCH 1 BODY[${'1.'.repeat(deep)}1]`],
  ] as const) {
    // Some have a meaning, however odd: what counts is that there is an answer.
    const answer = (await client.command(`${tag} ${command}`)).at(-1) ?? '';
    assert.match(answer, new RegExp(`^${tag} (BAD|NO|OK)`), command.slice(0, 30));
    // A client that makes ten mistakes in a row is sent away.
    await client.command('y NOOP');
  }
  await unharmed(client);
});

test('a message of parts within parts without end is taken, and its structure told in bounded size', async (t) => {
  const { person, signedIn, unharmed } = await ground(t);
  const depth = 3000;
  const opening = Array.from(
    { length: depth },
    (_, i) => `Content-Type: multipart/mixed; boundary=b${i}\r\n\r\n--b${i}\r\n`,
  ).join('');
  await person.deliver('INBOX', `Subject: deep\r\n${opening}\r\ntext\r\n`);
  const client = await signedIn();
  const [line] = await client.command('c FETCH 1 (BODYSTRUCTURE ENVELOPE)');
  assert.ok(line !== undefined && line.length < 64 * 1024);
  await client.command('d SEARCH BODY text');
  await unharmed(client);
});

test('a literal that is begun and cut off appends nothing, and leaves nothing behind', async (t) => {
  const { person, server, port, signedIn, unharmed } = await ground(t);
  for (const announced of ['{100000}', '{100000+}', '~{100000}']) {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.write(
      `a LOGIN ${person.address} ${password}\r\nb APPEND INBOX ${announced}\r\n${'x'.repeat(5000)}`,
    );
    const taken = () => server.listeners.flatMap(({ guests }) => guests).at(0)?.connection.received ?? 0;
    while (taken() < 5000) await turn();
    socket.resetAndDestroy();
  }
  while (server.listeners.some(({ guests }) => guests.length > 0)) await turn();
  const client = await signedIn();
  assert.ok((await client.command('c STATUS INBOX (MESSAGES)')).includes('* STATUS INBOX (MESSAGES 0)'));
  await unharmed(client);
});

test('literals beyond the limit are refused before they are read, and many small ones are held to the same bound', async (t) => {
  const { signedIn, unharmed } = await ground(t);
  const client = await signedIn();
  for (const size of ['2000000', '99999999999', '18446744073709551616', '999999999999999999999999']) {
    const [answer] = await client.command(`c SEARCH SUBJECT {${size}}`);
    assert.match(answer ?? '', /^(c|\*) (BAD|NO)/, size);
    await client.command('y NOOP');
  }
  // Ten thousand literals of one octet in one command.
  client.send(`d SEARCH ${'SUBJECT {1+}\r\nx '.repeat(10_000)}ALL\r\n`);
  const line = await client.nextLine();
  assert.match(line?.text ?? '', /^(d (BAD|NO|OK)|\* BYE)/);
  await unharmed(await signedIn());
});

test('who asks for far more than is read is not answered further, and keeps nobody else waiting', async (t) => {
  const { person, server, signedIn, unharmed } = await ground(t);
  for (let i = 0; i < 20; i++)
    await person.deliver('INBOX', `Subject: ${i}\r\n\r\n${'text '.repeat(20_000)}`);
  const greedy = await signedIn();
  greedy.pause();
  for (let i = 0; i < 2000; i++) greedy.send(`c${i} FETCH 1:* BODY.PEEK[]\r\n`);
  const other = await signedIn();
  for (let i = 0; i < 50; i++) await other.command(`d${i} FETCH 1 FLAGS`);
  const [guest] = server.listeners[0]!.guests;
  const { sent } = guest!.connection;
  for (let i = 0; i < 20; i++) await other.command(`e${i} FETCH 1 FLAGS`);
  assert.equal(guest!.connection.sent, sent);
  // 4 GB were asked for.
  assert.ok(sent < 64 * 1024 * 1024, `${sent} bytes`);
  await unharmed(other);
});
