import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { FakeTimers } from '../support/fake-timers.ts';
import { contents, inboundWorld } from './harness.ts';

const minute = 60_000;

/** A connection on which a message has begun, and what it was told so far. */
async function sender(t: TestContext, timers: FakeTimers, port: number) {
  const socket: Socket = connect({ port, host: '127.0.0.1' });
  t.after(() => socket.destroy());
  let told = '';
  let wake = () => {};
  socket.on('data', (chunk) => {
    told += chunk;
    wake();
  });
  socket.on('error', () => {});
  const until = async (text: string) => {
    while (!told.includes(text))
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  };
  await once(socket, 'connect');
  // Who speaks before the greeting is looked at for a moment.
  await timers.pass(1000);
  await until('220 ');
  socket.write('HELO x\r\nMAIL FROM:<c@example.net>\r\nRCPT TO:<anna@example.org>\r\nDATA\r\n');
  await until('354 ');
  return { socket, until };
}

test('a message that trickles in ends with its connection, also after much of it came at once', async (t) => {
  const timers = FakeTimers.install(t);
  const world = await inboundWorld(t);
  const { socket } = await sender(t, timers, world.smtp);
  socket.write('x'.repeat(998).concat('\r\n').repeat(400));
  for (let i = 0; i < 5; i++) await timers.pass(minute);
  assert.equal(world.server.smtp[0]!.guests.length, 1);
  for (let i = 0; i < 5; i++) {
    socket.write('x\r\n');
    await timers.pass(minute);
  }
  await timers.pass(1);
  assert.equal(world.server.smtp[0]!.guests.length, 0);
  assert.deepEqual(await contents(world.anna), []);
});

test('a message that comes at a kilobyte a second takes its time', async (t) => {
  const timers = FakeTimers.install(t);
  const world = await inboundWorld(t);
  const { socket, until } = await sender(t, timers, world.smtp);
  for (let i = 0; i < 21; i++) {
    socket.write('x'.repeat(998).concat('\r\n').repeat(65));
    await timers.pass(minute);
  }
  socket.write('.\r\n');
  await until('250 2.0.0 Delivered');
  assert.equal((await contents(world.anna)).length, 1);
});
