import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { Redis } from 'ioredis';
import { AwsNotifier } from '../../shared/adapters/aws/notifier.ts';
import { valkeyConnector } from '../../shared/adapters/aws/valkey.ts';
import { ValkeyChannel } from '../../shared/adapters/aws/valkey-channel.ts';
import type { AccountId, LogPosition } from '../../shared/ids.ts';
import { sesReceived, sqsBatch } from '../serverless/events.ts';
import { serverlessGround } from '../serverless/ground.ts';
import { freePort, valkeyVariable } from '../support/aws-emulators.ts';
import { LambdaBundle } from '../support/lambda-bundle.ts';
import { subjects } from '../support/mail.ts';

const valkey = process.env[valkeyVariable] ?? '';
const done = { batchItemFailures: [] };

/** The function and one account; `deliver` brings it a message. */
async function ground(t: TestContext, address: string) {
  const store = await serverlessGround(t);
  const env = { ...store.env, RESTANTE_INCOMING_BUCKET: store.incoming, RESTANTE_VALKEY: address };
  const bundle = LambdaBundle.start('deliver', env);
  t.after(() => bundle.stop());
  const ann = await store.account('ann');
  const deliver = async (...ids: readonly string[]) => {
    for (const id of ids) await store.receive(id, Buffer.from(`Subject: ${id}\r\n\r\nx\r\n`));
    const mail = ids.map((id) => sesReceived({ id, to: ['ann@example.test'], bucket: store.incoming }));
    assert.deepEqual(await bundle.invoke(sqsBatch(mail)), done);
  };
  return { bundle, ann, deliver };
}

/** News of an account as a task hears them that never looks at a tail; resolves for each when it is known to be subscribed. */
async function listen(t: TestContext, account: AccountId) {
  let subscribed = () => {};
  const ready = new Promise<void>((resolve) => {
    subscribed = resolve;
  });
  const notifier = new AwsNotifier({
    // The one look is that which follows the subscription.
    grownBeyond: async () => void subscribed(),
    channel: (parts) => new ValkeyChannel(valkeyConnector(valkey), parts),
    pollMs: 3_600_000,
    safetyPollMs: 3_600_000,
  });
  t.after(() => notifier.close());
  const heard: LogPosition[] = [];
  let news = () => {};
  notifier.watch(account, (position) => {
    heard.push(position);
    news();
  });
  await ready;
  return {
    heard,
    async beyond(position: number): Promise<void> {
      while ((heard.at(-1) ?? 0) <= position)
        await new Promise<void>((resolve) => {
          news = resolve;
        });
    },
  };
}

describe('deliveries by the function, with Valkey', { skip: valkey === '' && `no ${valkeyVariable}` }, () => {
  test('are told to who watches the account, before the function has answered', async (t) => {
    const { ann, deliver } = await ground(t, valkey);
    const watcher = await listen(t, ann.id);
    const before = ann.state.position;
    await deliver('one');
    await watcher.beyond(before);
    const first = watcher.heard.at(-1)!;
    await deliver('two', 'three');
    await watcher.beyond(first);
    assert.ok((await ann.refresh()).ok);
    assert.equal(watcher.heard.at(-1), ann.state.position);
  });

  test('are told again after the function was stopped and its connection cut meanwhile', async (t) => {
    const { bundle, ann, deliver } = await ground(t, valkey);
    const operator = new Redis(valkey);
    t.after(() => operator.disconnect());
    const cut = async () => {
      const clients = String(await operator.client('LIST'));
      const publishers = clients.split('\n').filter((line) => / cmd=(spublish|eval)/.test(line));
      for (const line of publishers) await operator.client('KILL', 'ID', /\bid=(\d+)/.exec(line)![1]!);
      return publishers.length;
    };
    const watcher = await listen(t, ann.id);
    await deliver('one');
    await watcher.beyond(0);
    bundle.freeze();
    assert.ok((await cut()) > 0);
    bundle.thaw();
    // The first finds the connection cut, and may be told of by the next alone.
    await deliver('two');
    const before = watcher.heard.at(-1)!;
    await deliver('three');
    await watcher.beyond(before);
    assert.ok((await ann.refresh()).ok);
    assert.equal(watcher.heard.at(-1), ann.state.position);
  });

  test('arrive where no Valkey answers', async (t) => {
    const { ann, deliver } = await ground(t, `redis://127.0.0.1:${await freePort()}`);
    await deliver('one');
    await deliver('two');
    assert.ok((await ann.refresh()).ok);
    assert.deepEqual(await subjects(ann, 'INBOX'), ['one', 'two']);
  });
});
