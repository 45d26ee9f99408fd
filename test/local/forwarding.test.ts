import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { nextHop } from '../submission/harness.ts';
import { openSender, outsider } from '../support/send-mail.ts';
import { ServerProcess } from '../support/server-process.ts';

/** A port on which nobody listens. */
const closedPort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

const message = (subject: string) =>
  Buffer.from(`From: <${outsider}>\r\nSubject: ${subject}\r\n\r\nbody\r\n`);

test('mail for an address elsewhere outlives kill -9 between its acceptance and its sending', async (t) => {
  const down = `smtp://127.0.0.1:${await closedPort()}`;
  const first = await ServerProcess.start(['--smart-host', down, '--forward-outside']);
  let last = first;
  t.after(() => last.stop());
  t.after(() => first.kill());
  await first.addDomain();
  const anna = await first.addAccount('anna');
  const add = ['forward', 'add', anna.address, 'anna@other.test', '--no-keep'];
  await assert.rejects(first.restante(add), /not in a domain here.*--forward-outside/s);
  await first.restante([...add, '--forward-outside']);
  const sender = await openSender(first, 'lmtp');
  const subjects = Array.from({ length: 5 }, (_, i) => `message ${i}`);
  for (const subject of subjects) await sender.send([anna.address], message(subject));
  const { stdout } = await first.restante(['forward', 'list', '--json']);
  const [listed] = JSON.parse(stdout.toString());
  assert.deepEqual([listed.targets, listed.waiting], [['anna@other.test'], 5]);
  await first.kill();

  const { received, smartHost, arrived } = await nextHop(t);
  const up = `smtp://127.0.0.1:${smartHost.port}`;
  last = await ServerProcess.start(['--smart-host', up, '--forward-outside'], first.folder);
  await arrived(5);
  assert.deepEqual(received.map(({ message: text }) => /Subject: (.*)\r/.exec(text)?.[1]).sort(), subjects);
  for (const { from, to } of received) {
    assert.match(from, /^SRS0=.*=elsewhere\.test=sender@example\.test$/);
    assert.deepEqual(to, ['anna@other.test']);
  }
  // What comes now goes at once.
  const again = await openSender(last, 'lmtp');
  await again.send([anna.address], message('one more'));
  await arrived(6);
  assert.match(received[5]!.message, /Subject: one more/);
});
