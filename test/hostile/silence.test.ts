import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { openGround, password } from '../imap/test-server.ts';
import { WireClient } from '../imap/wire-client.ts';
import { pop3World } from '../pop3/harness.ts';
import { FakeTimers } from '../support/fake-timers.ts';

const second = 1000;
const minute = 60 * second;

async function imap(t: TestContext) {
  const timers = FakeTimers.install(t);
  const ground = await openGround();
  const person = await ground.person();
  const pass = (ms: number) => timers.pass(ms);
  const server = await ground.server();
  t.after(() => server.close(0));
  const open = async () => {
    const client = await WireClient.connect(server.listeners[0]!.port);
    assert.ok((await client.nextLine())?.text.startsWith('* OK'));
    return client;
  };
  const signedIn = async () => {
    const client = await open();
    await client.command(`a LOGIN ${person.address} ${password}`);
    return client;
  };
  return { pass, open, signedIn };
}

/** What it says on its own, up to the end. */
async function rest(client: WireClient): Promise<string[]> {
  const lines: string[] = [];
  for (let line = await client.nextLine(); line; line = await client.nextLine()) lines.push(line.text);
  client.close();
  return lines;
}

const tooLong = '* BYE Nothing heard from you for too long';

test('IMAP: who does not sign in is let go after a minute', async (t) => {
  const { pass, open } = await imap(t);
  const client = await open();
  await pass(minute - 1);
  await client.command('a NOOP');
  await pass(minute - 1);
  await client.command('b NOOP');
  await pass(minute);
  assert.deepEqual(await rest(client), [tooLong]);
});

test('IMAP: octets that trickle in do not put off the sign-in for ever, within a command or an answer to a challenge', async (t) => {
  const { pass, open } = await imap(t);
  const [command, answer] = [await open(), await open()];
  command.send('a LOGIN {500}\r\n');
  answer.send('a AUTHENTICATE PLAIN\r\n');
  for (const client of [command, answer]) assert.ok((await client.nextLine())?.text.startsWith('+'));
  for (let sent = 0; sent < 10; sent++) {
    for (const client of [command, answer]) client.send('x');
    await pass(31 * second);
  }
  for (const client of [command, answer]) client.send('x');
  assert.deepEqual(await rest(command), ['* BYE It took too long to sign in']);
  assert.deepEqual(await rest(answer), []);
});

test('IMAP: a session lasts through 30 minutes of silence and not longer (RFC 9051 §5.4)', async (t) => {
  const { pass, signedIn } = await imap(t);
  const client = await signedIn();
  await pass(30 * minute - 1);
  await client.command('b NOOP');
  await pass(30 * minute - 1);
  assert.deepEqual(client.unread, []);
  await pass(1);
  assert.deepEqual(await rest(client), [tooLong]);
});

test('IMAP: IDLE that is begun anew every 29 minutes goes on, with a sign of life every two; one that is not ends (RFC 2177)', async (t) => {
  const { pass, signedIn } = await imap(t);
  const client = await signedIn();
  await client.command('b SELECT INBOX');
  for (const tag of ['c', 'd']) {
    client.send(`${tag} IDLE\r\n`);
    assert.ok((await client.nextLine())?.text.startsWith('+'));
    for (let spent = 0; spent < 29; spent += 1) await pass(minute);
    client.send('DONE\r\n');
    const said = await client.answer(tag);
    const signs = said.filter((line) => line === '* OK Still here');
    assert.ok(signs.length >= 14, `${signs.length} signs of life`);
  }
  client.send('e IDLE\r\n');
  for (let spent = 0; spent < 30; spent += 1) await pass(minute);
  const said = await rest(client);
  assert.equal(said.at(-1), tooLong);
});

test('POP3: a minute before sign-in, ten after it (RFC 1939 §3), and deletions are without effect then', async (t) => {
  const timers = FakeTimers.install(t);
  const world = await pop3World(t);
  await world.deliver('Subject: kept\r\n\r\n');
  const pass = (ms: number) => timers.pass(ms);
  const silent = await world.connect();
  await silent.expect('+OK …');
  const reader = await world.connect();
  await reader.signIn();
  reader.send('DELE 1\r\n');
  await reader.expect('+OK …');
  await pass(minute);
  await silent.expect('(closed)');
  await pass(9 * minute - 1);
  reader.send('NOOP\r\n');
  await reader.expect('+OK …');
  await pass(10 * minute);
  await reader.expect('(closed)');
  const again = await world.connect();
  await again.signIn();
  again.send('STAT\r\n');
  await again.expect('+OK 1 17');
});

test('POP3: commands that are no sign-in do not put it off for ever', async (t) => {
  const timers = FakeTimers.install(t);
  const world = await pop3World(t);
  const pass = (ms: number) => timers.pass(ms);
  const client = await world.connect();
  await client.expect('+OK …');
  for (let i = 0; i < 8; i++) {
    client.send('CAPA\r\n');
    await client.expect('+OK …');
    await client.body();
    await pass(40 * second);
  }
  // Taken while the time was up already: answered, and no more after it.
  client.send('CAPA\r\n');
  await client.expect('+OK …');
  await client.body();
  await client.expect('(closed)');
});
