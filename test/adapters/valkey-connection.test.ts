import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lapsingConnection, type ValkeyClient } from '../../shared/adapters/aws/valkey.ts';
import { ValkeyPublisher } from '../../shared/adapters/aws/valkey-publisher.ts';
import type { AccountId, LogPosition } from '../../shared/ids.ts';

interface Made {
  open: boolean;
  readonly sent: string[];
}

/** Clients that keep what is published; `answer` is what Valkey does with it. */
function clients(answer: () => Promise<number> = async () => 1) {
  const made: Made[] = [];
  const connect = () => {
    const client: Made = { open: true, sent: [] };
    made.push(client);
    return {
      on() {},
      disconnect() {
        client.open = false;
      },
      spublish(_channel: string, text: string) {
        client.sent.push(text);
        return answer();
      },
    } as unknown as ValkeyClient;
  };
  return { made, connect };
}

const account = 'a' as AccountId;
const at = (n: number) => n as LogPosition;

test('a connection is made when it is needed, kept while it is used, and made anew after a silence', () => {
  const { made, connect } = clients();
  let now = 1_000_000;
  const connection = lapsingConnection(connect, { lapseMs: 20_000, now: () => now });
  assert.equal(made.length, 0);
  const first = connection.current;
  for (let n = 0; n < 5; n++) {
    now += 15_000;
    assert.equal(connection.current, first);
  }
  now += 3_600_000;
  assert.notEqual(connection.current, first);
  // A clock that was set back says nothing of how long it was silent.
  now -= 3_600_000;
  connection.current;
  connection.close();
  assert.deepEqual(
    made.map(({ open }) => open),
    [false, false, false],
  );
});

test('news that Valkey refuses disturb nobody, and the next are sent all the same', async () => {
  let up = false;
  const { made, connect } = clients(async () => {
    if (!up) throw new Error('no connection');
    return 1;
  });
  const publisher = new ValkeyPublisher(lapsingConnection(connect));
  publisher.send(account, at(1));
  await publisher.flush();
  up = true;
  publisher.send(account, at(2));
  await publisher.flush();
  assert.deepEqual(made[0]?.sent, ['a 1', 'a 2']);
});

test('a Valkey that never answers is waited for once, and then nothing is sent for a while', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 });
  const { made, connect } = clients(() => new Promise(() => {}));
  const publisher = new ValkeyPublisher(lapsingConnection(connect));
  publisher.send(account, at(1));
  const flushed = publisher.flush();
  t.mock.timers.tick(1_500);
  await flushed;
  publisher.send(account, at(2));
  await publisher.flush();
  assert.deepEqual(made[0]?.sent, ['a 1']);
  t.mock.timers.tick(30_000);
  publisher.send(account, at(3));
  assert.deepEqual(made.at(-1)?.sent, ['a 3']);
});
