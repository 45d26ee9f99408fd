import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BodyAhead } from '../../services/pop3/body-ahead.ts';
import type { Drop } from '../../services/pop3/maildrop.ts';
import { pop3World } from './harness.ts';

const drop = (number: number, size = 100): Drop => ({ number, uid: number, size, message: number });

/** An account whose bodies say which message they are of; what it was asked for stands in the list. */
function reading(failing: readonly number[] = []) {
  const asked: number[] = [];
  const ahead = new BodyAhead({
    async body(message) {
      asked.push(message);
      if (failing.includes(message)) throw new Error('the store is away');
      return { size: 1, body: Uint8Array.of(message) };
    },
  });
  return { asked, ahead };
}

test('a download in order reads each message once, all but the first before they are asked for', async (t) => {
  const world = await pop3World(t);
  const messages = ['one', 'two', 'three', 'four'].map((text) => `Subject: ${text}\r\n\r\n${text}\r\n`);
  await world.deliver(...messages);
  const { blobs } = world.local.store;
  const get = blobs.get.bind(blobs);
  let reads = 0;
  blobs.get = (key, range) => {
    if (key.includes('/m/')) reads++;
    return get(key, range);
  };
  const client = await world.connect();
  await client.signIn();
  for (const [i, message] of messages.entries()) {
    client.send(`RETR ${i + 1}\r\n`);
    await client.expect(`+OK ${message.length} octets`);
    assert.equal((await client.body()).toString(), message);
    client.send(`DELE ${i + 1}\r\n`);
    await client.expect(`+OK Message ${i + 1} …`);
    assert.equal(reads, Math.min(i + 2, messages.length));
  }
  client.send('QUIT\r\n');
  await client.expect('+OK …');
  assert.equal(reads, messages.length);
});

test('nothing is read before the client is waited for, and nothing twice', async () => {
  const { asked, ahead } = reading();
  ahead.expect(drop(2));
  assert.deepEqual(asked, []);
  ahead.begin();
  ahead.begin();
  assert.deepEqual(await ahead.take(drop(2)), Uint8Array.of(2));
  assert.equal(await ahead.take(drop(2)), undefined);
  assert.deepEqual(asked, [2]);
});

test('what is read and not asked for next is dropped', async () => {
  const { ahead } = reading();
  ahead.expect(drop(2));
  ahead.begin();
  assert.equal(await ahead.take(drop(7)), undefined);
  assert.equal(await ahead.take(drop(2)), undefined);
});

test('a message of more than 128 KB, and one that cannot be read, are left to whoever asks', async () => {
  const { asked, ahead } = reading([3]);
  ahead.expect(drop(2, 128 * 1024 + 1));
  ahead.begin();
  assert.deepEqual(asked, []);
  ahead.expect(drop(3));
  ahead.begin();
  assert.equal(await ahead.take(drop(3)), undefined);
});
