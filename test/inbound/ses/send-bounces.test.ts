import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Bounce, bounceKeys, encodeBounce } from '../../../services/inbound/ses/bounce.ts';
import { type SendBounceParts, sendBounces } from '../../../services/inbound/ses/send-bounces.ts';
import { err, ok } from '../../../shared/result.ts';
import { silentLog } from '../../../shared/telemetry/log.ts';
import { objectCreated } from '../../serverless/events.ts';

const bounce: Bounce = {
  messageId: 'm 1/ü',
  sender: 'MAILER-DAEMON@example.test',
  recipients: [{ address: 'nobody@example.test', reason: 'DoesNotExist' }],
};
const key = bounceKeys.of(bounce.messageId);

function ground(send: SendBounceParts['send']) {
  const objects = new Map<string, Uint8Array>([[key, encodeBounce(bounce)]]);
  const sent: Bounce[] = [];
  const parts: SendBounceParts = {
    notes: {
      async get(name) {
        const bytes = objects.get(name);
        if (bytes === undefined) throw new Error(`no ${name}`);
        return bytes;
      },
      async putOnce(name, bytes) {
        if (!objects.has(name)) objects.set(name, bytes);
        return objects.get(name)!;
      },
    },
    async send(one) {
      sent.push(one);
      return await send(one);
    },
    log: silentLog,
  };
  const tell = (messageId: string, body = objectCreated('incoming', key)) =>
    sendBounces(parts, [{ messageId, body }]);
  return { objects, sent, tell };
}

const done = { batchItemFailures: [] };
const again = (itemIdentifier: string) => ({ batchItemFailures: [{ itemIdentifier }] });

test('a bounce of which the queue has two messages is sent for the first of them', async () => {
  const { sent, tell } = ground(async () => ok(undefined));
  assert.deepEqual(await tell('a'), done);
  assert.deepEqual(await tell('b'), done);
  assert.deepEqual(sent, [bounce]);
});

test('what SES could not take comes again and is sent then, whoever else tells of it meanwhile', async () => {
  let up = false;
  const { sent, tell } = ground(async () =>
    up ? ok(undefined) : err({ kind: 'unavailable', cause: 'busy' }),
  );
  assert.deepEqual(await tell('a'), again('a'));
  up = true;
  assert.deepEqual(await tell('b'), done);
  assert.equal(sent.length, 1);
  assert.deepEqual(await tell('a'), done);
  assert.equal(sent.length, 2);
});

test('what SES will never take is tried once', async () => {
  const { sent, tell } = ground(async () => err({ kind: 'refused', cause: 'a day has passed' }));
  assert.deepEqual(await tell('a'), done);
  assert.equal(sent.length, 1);
});

test('where the bucket cannot be asked, the message comes again; what is no bounce or no event does not', async () => {
  const { objects, sent, tell } = ground(async () => ok(undefined));
  assert.deepEqual(await tell('a', objectCreated('incoming', 'bounces/gone')), again('a'));
  objects.set('bounces/strange', Buffer.from('{"version":2}'));
  assert.deepEqual(await tell('a', objectCreated('incoming', 'bounces/strange')), done);
  for (const body of ['', '[]', '{"Event":"s3:TestEvent"}', objectCreated('incoming', 'mail/m1')])
    assert.deepEqual(await tell('a', body), done);
  assert.deepEqual(sent, []);
});
