import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partlyRefused } from '../../services/submission/partly-refused.ts';
import { createRelay, type Rejection } from '../../services/submission/smart-host.ts';
import { ok } from '../../shared/result.ts';
import { hostname, nextHop } from './harness.ts';

const text = 'Subject: x\r\n\r\nbody\r\n';
const request = (...names: readonly string[]) => ({
  sender: 'anna@example.org',
  recipients: names.map((name) => `${name}@example.net`),
  eightBit: false,
  async *message() {
    yield Buffer.from(text);
  },
});

test('recipients beyond what a server takes at once come in further transactions, and nobody in two', async (t) => {
  const hop = await nextHop(t, { beyond: 2, recipient: 'no@example.net' });
  const sent = await createRelay(hop.smartHost, { hostname }).send(request('a', 'b', 'no', 'c', 'd', 'e'));
  const rejected = [{ recipient: 'no@example.net', code: undefined, again: 'never' }];
  assert.deepEqual(sent, ok({ rejected }));
  assert.deepEqual(
    hop.received.map(({ to, message }) => [to.map((one) => one[0]), message]),
    [
      [['a', 'b'], text],
      [['c', 'd'], text],
      [['e'], text],
    ],
  );
});

test('who is refused for now again when nobody else is left is told of, and others get nothing twice', async (t) => {
  const hop = await nextHop(t, { recipient: 'busy@example.net', code: 450 });
  const sent = await createRelay(hop.smartHost, { hostname }).send(request('a', 'busy', 'b'));
  const rejected = [{ recipient: 'busy@example.net', code: undefined, again: 'later' }];
  assert.deepEqual(sent, ok({ rejected }));
  assert.deepEqual(
    hop.received.map(({ to }) => to),
    [['a@example.net', 'b@example.net']],
  );
});

const never = (recipient: string, code?: string): Rejection => ({ recipient, code, again: 'never' });
const later = (recipient: string, code?: string): Rejection => ({ recipient, code, again: 'later' });

for (const [rejected, answer] of [
  [[never('x@y', '5.1.1')], '5.1.1 Sent to the others, but refused for x@y (5.1.1)'],
  [[never('x@y')], '5.0.0 Sent to the others, but refused for x@y'],
  [
    [never('x@y', '5.1.1'), never('z@y', '5.2.1')],
    '5.0.0 Sent to the others, but refused for x@y (5.1.1), z@y (5.2.1)',
  ],
  [[later('x@y', '4.5.3')], '5.0.0 Sent to the others, but not now, so please send it again, to x@y (4.5.3)'],
  [
    [later('x@y'), never('z@y', '5.1.1')],
    '5.0.0 Sent to the others, but refused for z@y (5.1.1), but not now, so please send it again, to x@y',
  ],
] as const)
  test(`a client is told what the relay said of whom, and not to come again: ${answer}`, () => {
    const reply = partlyRefused(rejected);
    assert.equal(reply?.responseCode, 554);
    assert.equal(reply?.message, answer);
  });

test('a reply that names many recipients is a line of SMTP', () => {
  const all = Array.from({ length: 500 }, (_, i) =>
    (i % 2 ? never : later)(`person${i}@example.net`, '4.5.3'),
  );
  assert.ok(`554 ${partlyRefused(all)!.message}\r\n`.length <= 512);
});
