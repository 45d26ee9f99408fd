import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copyMessages } from '../../shared/engine/actions.ts';
import { everyUid } from '../../shared/engine/mailbox.ts';
import { inboxId } from '../../shared/engine/state.ts';
import type { BlobStore } from '../../shared/ports/blob-store.ts';
import { tlsSettings } from '../net/harness.ts';
import { localEngine } from '../support/local-engine.ts';
import { signedInAs } from '../support/signed-in.ts';
import { password, pop3World } from './harness.ts';

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
  const world = await pop3World(t, { options: { greetingTimeoutMs: 1 } });
  const client = await world.connect();
  await client.expect('+OK …');
  await client.expect('(closed)');
});

test('who is asked to leave and has not signed in goes at once; the others finish while there is time', async (t) => {
  const world = await pop3World(t);
  const idle = await world.connect();
  await idle.expect('+OK …');
  const busy = await world.connect();
  await busy.signIn();
  for (const guest of world.server.listeners[0]!.guests) guest.leave('restart');
  await idle.expect('-ERR [SYS/TEMP] The server is about to restart, please come again');
  await idle.expect('(closed)');
  busy.send('STAT\r\nQUIT\r\n');
  await busy.expect('+OK 0 0');
  await busy.expect('+OK Bye');
  await busy.expect('(closed)');
});

test('when there is no more time, a session that has signed in is told so after its command, and deletes nothing', async (t) => {
  const world = await pop3World(t);
  await world.deliver('Subject: kept\r\n\r\n');
  const client = await world.connect();
  await client.signIn();
  client.send('DELE 1\r\n');
  await client.expect('+OK …');
  for (const guest of world.server.listeners[0]!.guests) guest.leave('restartNow');
  await client.expect('-ERR [SYS/TEMP] The server is about to restart, please come again');
  await client.expect('(closed)');
  const again = await world.connect();
  await again.expect('+OK …');
  again.send(`USER anna@example.org\r\nPASS ${password}\r\n`);
  await again.expect('+OK …');
  await again.expect('+OK 1 messages …');
});

test('the lists of a maildrop of 131,072 messages', async (t) => {
  const world = await pop3World(t);
  await world.deliver('Subject: x\r\n\r\n');
  for (let i = 0; i < 17; i++)
    assert((await world.account.commit(copyMessages('copy', inboxId, everyUid, 'INBOX'))).ok);
  const client = await world.connect();
  await client.signIn();
  client.send('DELE 100000\r\nLIST\r\nUIDL\r\n');
  await client.expect('+OK …');
  await client.expect(`+OK 131071 messages (${131_071 * 14} octets)`);
  const list = (await client.body()).toString().split('\r\n');
  await client.expect('+OK …');
  const uidl = (await client.body()).toString().split('\r\n');
  assert.deepEqual(
    [list.length, list[0], list[99_999], list.at(-2)],
    [131_072, '1 14', '100001 14', '131072 14'],
  );
  assert.equal(uidl.length, 131_072);
  assert.match(uidl.at(-2)!, /^131072 [0-9a-z]{26}$/);
});

test('a message is read from the store at the pace at which the client takes it', async (t) => {
  const chunk = Buffer.alloc(64 * 1024, 'x');
  const chunks = 2048;
  let taken = 0;
  const world = await pop3World(t);
  await world.deliver('Subject: x\r\n\r\n');
  const { blobs } = world.local.store;
  async function* endless() {
    for (; taken < chunks; taken++) yield chunk;
  }
  const slow: BlobStore = {
    put: (key, body) => blobs.put(key, body),
    get: async (key, range) => ((await blobs.get(key, range)) ? { size: 1, body: endless() } : undefined),
    delete: (keys) => blobs.delete(keys),
    list: (prefix, after) => blobs.list(prefix, after),
  };
  const { log, leases, notifier } = world.local.store;
  const { engine } = await localEngine({ log, leases, notifier, blobs: slow });
  const reading = await pop3World(t, {
    change: ({ authenticator }) => ({
      engine,
      authenticator: {
        async signIn(attempt) {
          const outcome = await authenticator.signIn(attempt);
          return outcome.ok ? signedInAs({ ...outcome.value.account, id: world.account.id }) : outcome;
        },
      },
    }),
  });
  const client = await reading.connect();
  await client.signIn();
  client.pause();
  client.send('RETR 1\r\n');
  const other = await reading.connect();
  await other.expect('+OK …');
  for (let i = 0; i < 200; i++) {
    other.send('CAPA\r\n');
    await other.expect('+OK …');
    await other.body();
  }
  assert(taken > 0 && taken < chunks / 2, `${taken} of ${chunks} chunks`);
});
