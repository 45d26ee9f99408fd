import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tlsSettings } from '../net/harness.ts';
import { pop3World } from './harness.ts';

const big = (bytes: number) => {
  const lines: string[] = ['Subject: big\r\n\r\n'];
  for (let size = 0, i = 0; size < bytes; i++) {
    const line = `${i % 7 === 0 ? '.' : ''}${'0123456789abcdef'.repeat(4)} ${i}\r\n`;
    lines.push(line);
    size += line.length;
  }
  return Buffer.from(lines.join(''));
};

test('a message of 20 MB comes back octet by octet', async (t) => {
  const world = await pop3World(t);
  const message = big(20_000_000);
  await world.deliver(message);
  const client = await world.connect();
  await client.signIn();
  client.send('RETR 1\r\n');
  await client.expect(`+OK ${message.length} octets`);
  assert((await client.body()).equals(message));
  client.send('TOP 1 3\r\n');
  await client.expect('+OK …');
  const lines = message.subarray(0, 1000).toString().split('\r\n');
  assert.equal((await client.body()).toString(), `${lines.slice(0, 5).join('\r\n')}\r\n`);
});

test('thirty commands in one write are answered in their order', async (t) => {
  const world = await pop3World(t);
  const messages = Array.from({ length: 10 }, (_, i) => `Subject: ${i}\r\n\r\n${'x'.repeat(i * 3000)}\r\n`);
  await world.deliver(...messages);
  const client = await world.connect();
  await client.signIn();
  const numbers = messages.map((_, i) => i + 1);
  client.send(numbers.map((n) => `LIST ${n}\r\nRETR ${n}\r\nDELE ${n}\r\n`).join(''));
  for (const n of numbers) {
    const message = messages[n - 1]!;
    await client.expect(`+OK ${n} ${message.length}`);
    await client.expect(`+OK ${message.length} octets`);
    assert.equal((await client.body()).toString(), message);
    await client.expect(`+OK Message ${n} …`);
  }
});

test('a bare LF goes out as CRLF, and a message without a last line end gets one', async (t) => {
  const world = await pop3World(t);
  await world.deliver('Subject: lf\n\n.\nend');
  const client = await world.connect();
  await client.signIn();
  client.send('RETR 1\r\n');
  await client.expect('+OK 18 octets');
  assert.equal((await client.body()).toString(), 'Subject: lf\r\n\r\n.\r\nend\r\n');
});

test('STLS begins TLS, forgets what was sent ahead and the user, and offers no second one', async (t) => {
  const { settings, ca } = await tlsSettings(t);
  const world = await pop3World(t, { tls: settings.context, options: { allowPlaintextAuth: false } });
  const client = await world.connect();
  await client.expect('+OK …');
  client.send('STLS\r\nUSER injected@example.org\r\nQUIT\r\n');
  await client.expect('+OK Begin TLS');
  await client.startTls(ca);
  client.send('PASS x\r\nSTLS\r\nAUTH\r\nUSER anna@example.org\r\nPASS open sesame\r\nQUIT\r\n');
  await client.expect('-ERR Send USER first');
  await client.expect('-ERR TLS is on already');
  await client.expect('+OK …');
  assert.equal((await client.body()).toString(), 'PLAIN\r\n');
  await client.expect('+OK …');
  await client.expect('+OK 0 messages (0 octets)');
  await client.expect('+OK Bye');
});

test('an idle session ends without a word and without effect', async (t) => {
  const world = await pop3World(t, { options: { idleTimeoutMs: 1 } });
  const client = await world.connect();
  await client.expect('+OK …');
  await client.expect('(closed)');
});

test('draining lets go who has not signed in, and lets the others finish', async (t) => {
  const world = await pop3World(t);
  const idle = await world.connect();
  await idle.expect('+OK …');
  const busy = await world.connect();
  await busy.signIn();
  world.server.drain();
  await idle.expect('(closed)');
  busy.send('STAT\r\nQUIT\r\n');
  await busy.expect('+OK 0 0');
  await busy.expect('+OK Bye');
  await busy.expect('(closed)');
});
