import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { AwsNotifier, type AwsNotifierOptions } from '../../shared/adapters/aws/notifier.ts';
import type { ValkeyClient } from '../../shared/adapters/aws/valkey.ts';
import { ValkeyChannel } from '../../shared/adapters/aws/valkey-channel.ts';
import { openGround, password } from '../imap/test-server.ts';
import { WireClient } from '../imap/wire-client.ts';
import { FakeTimers } from '../support/fake-timers.ts';
import { deliver } from '../support/mail.ts';
import { memoryEngine, openIn } from '../support/memory-engine.ts';
import { MeteredAws } from '../support/metered-aws.ts';

const minute = 60_000;

/** A server on AWS, with whatever intervals the notifier has unless it is told, and two clients of one account that idle. */
async function idling(t: TestContext, channel?: AwsNotifierOptions['channel']) {
  const timers = FakeTimers.install(t);
  t.mock.method(performance, 'now', () => Date.now());
  const aws = new MeteredAws(() => Date.now());
  const ports = aws.ports();
  const notifier = new AwsNotifier({
    grownBeyond: (account, after) => ports.log.grownBeyond(account, after),
    ...(channel && { channel }),
  });
  t.after(() => notifier.close());
  const ground = await openGround({ ...ports, notifier, inlineBytes: 16 * 1024, recordCodec: 'zstd' });
  const person = await ground.person();
  for (let n = 1; n <= 20; n++) await deliver(person.account, n);
  const server = await ground.server();
  t.after(() => server.close(0));
  const clients = await Promise.all(
    [1, 2].map(async () => {
      const client = await WireClient.connect(server.listeners[0]!.port);
      await client.nextLine();
      await client.command(`a LOGIN ${person.address} ${password}`);
      await client.command('b SELECT INBOX');
      return client;
    }),
  );
  /** So many minutes of IDLE, of 28 at the most: clients begin anew before 30 are over. */
  const idle = async (minutes: number) => {
    for (const client of clients) {
      client.send('c IDLE\r\n');
      assert.match((await client.nextLine())!.text, /^\+/);
    }
    for (let spent = 0; spent < minutes; spent++) await timers.pass(minute);
    for (const client of clients) {
      client.send('DONE\r\n');
      assert.match((await client.answer('c')).at(-1)!, /^c OK/);
    }
  };
  return { aws, timers, clients, id: person.account.id, idle };
}

/** What two clients of an account ask in the hour since it is watched, beside the look with which each IDLE begins: reads that cost half. */
async function looksInAnHour({ aws, idle }: Awaited<ReturnType<typeof idling>>): Promise<number> {
  const looks = () => aws.meter.total.requests['eventual Query'] ?? 0;
  const before = looks();
  const { requests, ...units } = await aws.meter.asked(async () => {
    for (let part = 0; part < 3; part++) await idle(20);
  });
  const since = looks() - before;
  assert.deepEqual(requests, { 'eventual Query': since, Query: 6 });
  assert.deepEqual(units, { readUnits: since / 2 + 6, writeUnits: 0, refused: 0, deleted: 0 });
  return looks();
}

test('an hour of IDLE without a notifier: an eventual read each 15 s, whatever the number of sessions', async (t) => {
  const looks = await looksInAnHour(await idling(t));
  assert.ok(looks >= 239 && looks <= 240, `${looks} looks`);
});

test('an hour of IDLE with Valkey: twelve eventual reads, the one that follows the subscription included', async (t) => {
  const looks = await looksInAnHour(await idling(t, (parts) => new ValkeyChannel(valkey, parts)));
  assert.ok(looks >= 11 && looks <= 12, `${looks} looks`);
});

test('what another task writes is told to who idles within 15 s, though nobody brings the news', async (t) => {
  const { aws, timers, clients, id } = await idling(t);
  const other = await openIn(memoryEngine(aws.ports()), id);
  for (const client of clients) client.send('c IDLE\r\n');
  for (const [n, wait] of [100, 7_300, 14_900].entries()) {
    await timers.pass(wait);
    await deliver(other, 21 + n);
    await timers.pass(15_000);
    await timers.pass(0);
    for (const client of clients) assert.ok(client.unread.includes(`* ${21 + n} EXISTS`), `${client.unread}`);
  }
});

/** A connection that is up, and by which nothing comes. */
const valkey = (): ValkeyClient =>
  Object.assign(new EventEmitter(), {
    status: 'ready',
    ssubscribe: () => turn(),
    sunsubscribe: () => turn(),
    spublish: () => turn(),
    disconnect: () => undefined,
  }) as unknown as ValkeyClient;
void openIn;
void memoryEngine;
