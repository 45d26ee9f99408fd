import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deliverArrival } from '../../services/inbound/ses/deliver.ts';
import { setLimit } from '../../shared/engine/mailbox-actions.ts';
import { silentLog } from '../../shared/telemetry/log.ts';
import { contents, play } from '../inbound/harness.ts';
import {
  type ForwardingWorld,
  forwardingWorld,
  hello,
  outsideOf,
  TestRelay,
  transaction,
} from './harness.ts';

const ends = (world: ForwardingWorld) =>
  world.events().flatMap(({ event, end }) => (event === 'forward.failed' ? [end] : []));

test('after five days the sender is told, once, and not where the mail was to go', async (t) => {
  const world = await forwardingWorld(t);
  world.forward(['secret@other.test']);
  world.relay.verdict = (to) => (to === 'bob@example.org' ? 'takes' : 'down');
  const dispatcher = world.dispatcher();
  await world.submit(hello);
  await world.live(5 * 24 - 5, dispatcher);
  assert.equal(world.relay.sent.length, 0);
  await world.live(24, dispatcher);
  const [report, more] = world.relay.sent;
  assert(report !== undefined && more === undefined);
  assert.equal(report.from, '');
  assert.deepEqual(report.to, ['bob@example.org']);
  assert.match(report.message, /^From: Mail Delivery System <mailer-daemon@example\.org>\r\n/);
  assert.match(
    report.message,
    /Final-Recipient: rfc822; anna@example\.org\r\nAction: failed\r\nStatus: 4\.4\.7/,
  );
  assert.match(report.message, /Auto-Submitted: auto-replied/);
  assert.match(report.message, /Subject: hello\r\n/);
  assert.doesNotMatch(report.message, /secret@other/);
  assert.match(world.metrics.render(), /restante_forward_failed_total\{end="reported"\} 1/);
});

test('what a server refuses for good is told at once; what has no sender goes back to the account', async (t) => {
  const world = await forwardingWorld(t);
  world.forward(['anna@other.test']);
  world.relay.verdict = (to) => (to === 'anna@other.test' ? { refuses: '5.7.26' } : 'takes');
  const dispatcher = world.dispatcher();
  await world.submit(hello);
  await play(t, world.lmtp, transaction(['Subject: a report', '', 'body'], { from: '' }));
  await world.live(1, dispatcher);
  const [report, more] = world.relay.sent;
  assert(report !== undefined && more === undefined);
  assert.match(report.message, /Status: 5\.7\.26/);
  const [returned, none] = await contents(world.anna);
  assert(returned !== undefined && none === undefined);
  assert.match(returned, /^Return-Path: <>\r\n/);
  assert.equal(outsideOf(returned), 'Subject: a report\r\n\r\nbody\r\n');
});

test('a report that cannot be sent is dropped, and nobody is told of it', async (t) => {
  const world = await forwardingWorld(t);
  world.forward(['anna@other.test']);
  world.relay.verdict = () => ({ refuses: '5.1.1' });
  const dispatcher = world.dispatcher();
  await world.submit(hello);
  await world.live(1, dispatcher);
  assert.equal(world.relay.attempts, 2);
  assert.deepEqual(ends(world), ['reported', 'dropped']);
});

test('a sender that anybody may have named is told nothing: the message goes into the account', async (t) => {
  const world = await forwardingWorld(t);
  world.forward(['anna@other.test']);
  world.relay.verdict = () => ({ refuses: '5.7.1' });
  const dispatcher = world.dispatcher();
  await play(t, world.smtp, transaction(hello, { hello: 'EHLO' }));
  await play(t, world.lmtp, transaction(hello));
  await world.live(1, dispatcher);
  assert.equal(world.relay.attempts, 2);
  assert.deepEqual(ends(world), ['returned', 'returned']);
  assert.deepEqual((await contents(world.anna)).map(outsideOf), [
    'Subject: hello\r\n\r\nbody\r\n',
    'Subject: hello\r\n\r\nbody\r\n',
  ]);
});

test('where a copy is in the account, it is all that is left of what could not be sent on', async (t) => {
  const world = await forwardingWorld(t);
  world.forward(['anna@other.test'], true);
  world.relay.verdict = () => ({ refuses: '5.7.1' });
  const dispatcher = world.dispatcher();
  await play(t, world.smtp, transaction(hello, { hello: 'EHLO' }));
  await world.live(1, dispatcher);
  assert.deepEqual(ends(world), ['kept']);
  assert.equal((await contents(world.anna)).length, 1);
});

test('where the copy had no room, what could not be sent on goes back to the account beyond its quota', async (t) => {
  const world = await forwardingWorld(t);
  assert((await world.anna.commit(setLimit(10))).ok);
  world.forward(['anna@other.test'], true);
  world.relay.verdict = () => ({ refuses: '5.7.1' });
  const dispatcher = world.dispatcher();
  await play(t, world.smtp, transaction(hello, { hello: 'EHLO' }));
  await world.live(1, dispatcher);
  assert.deepEqual(ends(world), ['returned']);
  assert.deepEqual((await contents(world.anna)).map(outsideOf), ['Subject: hello\r\n\r\nbody\r\n']);
});

/** The delivery function gets a message. */
async function bySes(world: ForwardingWorld, sender = 'ann@elsewhere.test', to = 'anna@example.org') {
  const bytes = Buffer.from('Subject: hello\r\n\r\nbody\r\n');
  const { engine } = world.local;
  return await deliverArrival(
    {
      ...{ engine, directory: world.people, forwarder: world.forwarding.forwarder, log: silentLog },
      receive: async () => ({
        body: (async function* () {
          yield bytes;
        })(),
        copyTo: async (key) => void (await engine.parts.blobs.put(key, bytes)),
      }),
    },
    {
      ...{ messageId: 'm1', receivedAt: 1, sender, recipients: [to], bucket: 'b', key: 'k' },
      ...{ verdict: 'clean', authenticated: false, automatic: false },
    },
    'first',
  );
}

for (const [limit, end] of [
  [10, 'returned'],
  [undefined, 'kept'],
] as const)
  test(`mail by SES that could not be sent on is in the account: ${end}`, async (t) => {
    const world = await forwardingWorld(t);
    assert((await world.anna.commit(setLimit(limit))).ok);
    world.forward(['anna@other.test'], true);
    world.relay.verdict = () => ({ refuses: '5.7.1' });
    const dispatcher = world.dispatcher();
    const delivered = await bySes(world);
    assert(delivered.ok && delivered.value.size === 0);
    await world.live(1, dispatcher);
    assert.deepEqual(ends(world), [end]);
    assert.deepEqual((await contents(world.anna)).map(outsideOf), ['Subject: hello\r\n\r\nbody\r\n']);
  });

test('a report to who reports goes to nobody elsewhere, where it would bring the next one', async (t) => {
  const world = await forwardingWorld(t, new TestRelay('own'));
  world.people.addAlias('', 'anna');
  world.forward(['anna@other.test']);
  world.relay.verdict = () => ({ refuses: '5.1.1' });
  const dispatcher = world.dispatcher();
  const to = 'Mailer-Daemon@example.org';
  for (const from of ['', 'MAILER-DAEMON@other.test', 'postmaster@other.test'])
    await play(t, world.smtp, transaction(hello, { from, to, hello: 'EHLO' }));
  assert((await bySes(world, '', to)).ok);
  await dispatcher.idle();
  assert.equal(world.relay.attempts, 0);
  assert.equal((await contents(world.anna)).length, 4);
  await play(t, world.smtp, transaction(hello, { to, hello: 'EHLO' }));
  await dispatcher.idle();
  assert.equal(world.relay.attempts, 1, 'what is no report goes on as ever');
});
