import assert from 'node:assert/strict';
import { test } from 'node:test';
import { laneLimit } from '../../services/forwarding/outbox.ts';
import { senderRewriting } from '../../services/forwarding/srs.ts';
import { setLimit } from '../../shared/engine/mailbox-actions.ts';
import { accountPrefix, outboxAccount } from '../../shared/ids.ts';
import { contents, play } from '../inbound/harness.ts';
import { forwardingWorld, TestRelay } from './harness.ts';

/** One message to anna, by LMTP or SMTP; `answer` to its end. */
const transaction = (
  lines: readonly string[],
  { from = 'ann@elsewhere.test', to = 'anna@example.org', answer = '250…', hello = 'LHLO' } = {},
) => `
  S: 220 …
  C: ${hello} me
  ${hello === 'LHLO' ? lhlo : ehlo}
  C: MAIL FROM:<${from}>
  S: 250 …
  C: RCPT TO:<${to}>
  S: 250 …
  C: DATA
  S: 354 …
  ${[...lines, '.'].map((line) => `C: ${line}`).join('\n')}
  S: ${answer}
`;
const capabilities = ['PIPELINING', '8BITMIME', 'SMTPUTF8', 'ENHANCEDSTATUSCODES'];
const greeted = (last: string) =>
  ['S: 250-…', ...capabilities.map(() => 'S: 250-…'), `S: ${last}`].join('\n');
const lhlo = greeted('250 …');
const ehlo = lhlo;
const hello = ['Subject: hello', '', 'body'];

const outsideOf = (message: string) => message.slice(message.indexOf('Subject:'));

test('mail goes on under a sender of ours, as it came but for a mark, and no copy stays', async (t) => {
  const world = await forwardingWorld(t);
  world.forward(['anna@other.test']);
  await play(t, world.lmtp, transaction(hello));
  assert.deepEqual(await contents(world.anna), []);
  await world.dispatcher().idle();
  const [sent, more] = world.relay.sent;
  assert(sent !== undefined && more === undefined);
  assert.deepEqual(sent.to, ['anna@other.test']);
  assert.match(sent.from, /^SRS0=[a-z2-7]{6}=..=elsewhere\.test=ann@example\.org$/);
  assert.equal(outsideOf(sent.message), 'Subject: hello\r\n\r\nbody\r\n');
  assert.match(
    sent.message,
    /^X-Restante-Forwarded: \S{22}\r\nDelivered-To: anna@example\.org\r\nReceived: /,
  );
});

test('a copy stays where it is asked for, and each address elsewhere gets one message', async (t) => {
  const world = await forwardingWorld(t);
  world.forward(['a@other.test', 'b@other.test', 'bob@example.org'], true);
  await play(t, world.lmtp, transaction(hello));
  await world.dispatcher().idle();
  assert.deepEqual(world.relay.sent.map(({ to }) => to).sort(), [['a@other.test'], ['b@other.test']]);
  assert.equal((await contents(world.anna)).length, 1);
  assert.equal((await contents(world.bob)).length, 1);
});

test('senders of ours and the null sender are not rewritten', async (t) => {
  const world = await forwardingWorld(t);
  world.forward(['anna@other.test']);
  for (const from of ['bob@example.org', '']) await play(t, world.lmtp, transaction(hello, { from }));
  await world.dispatcher().idle();
  assert.deepEqual(world.relay.sent.map(({ from }) => from).sort(), ['', 'bob@example.org']);
});

test('a relay that is down is tried again, and what it took is deleted', async (t) => {
  const world = await forwardingWorld(t);
  world.forward(['anna@other.test']);
  world.relay.verdict = () => 'down';
  const dispatcher = world.dispatcher();
  await play(t, world.lmtp, transaction(hello));
  await world.live(1, dispatcher);
  const { attempts } = world.relay;
  assert.ok(attempts >= 3 && attempts <= 6, `${attempts} attempts in an hour`);
  assert.equal(world.relay.sent.length, 0);
  world.relay.verdict = () => 'takes';
  await world.live(2, dispatcher);
  assert.equal(world.relay.sent.length, 1);
  const box = await world.forwarding.outbox.open();
  assert(box.ok);
  assert.deepEqual(await world.forwarding.outbox.waiting(box.value.account), []);
  assert.deepEqual(await world.local.engine.parts.blobs.list(`${accountPrefix(outboxAccount)}m/`), []);
  box.value.release();
});

test('after five days the sender is told, once, and not where the mail was to go', async (t) => {
  const world = await forwardingWorld(t);
  world.forward(['secret@other.test']);
  world.relay.verdict = (to) => (to === 'ann@elsewhere.test' ? 'takes' : 'down');
  const dispatcher = world.dispatcher();
  await play(t, world.lmtp, transaction(hello));
  await world.live(5 * 24 - 5, dispatcher);
  assert.equal(world.relay.sent.length, 0);
  await world.live(24, dispatcher);
  const [report, more] = world.relay.sent;
  assert(report !== undefined && more === undefined);
  assert.equal(report.from, '');
  assert.deepEqual(report.to, ['ann@elsewhere.test']);
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
  await play(t, world.lmtp, transaction(hello));
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
  await play(t, world.lmtp, transaction(hello));
  await world.live(1, dispatcher);
  assert.equal(world.relay.attempts, 2);
  assert.deepEqual(
    world.events().flatMap(({ event, end }) => (event === 'forward.failed' ? [end] : [])),
    ['reported', 'dropped'],
  );
});

test('reports to rewritten senders go back to them; forged, old and other mail does not', async (t) => {
  const world = await forwardingWorld(t);
  const now = Date.now();
  const srs = senderRewriting(world.forwarding.secret);
  const to = srs.rewrite('ann@elsewhere.test', 'example.org', now);
  const second = srs.rewrite('bea@elsewhere.test', 'example.org', now);
  await play(t, world.smtp, transaction(['Subject: failed', '', 'x'], { from: '', to, hello: 'EHLO' }));
  const refused = (address: string, from: string) => `
    S: 220 …
    C: HELO me
    S: 250 …
    C: MAIL FROM:<${from}>
    S: 250 …
    C: RCPT TO:<${address}>
    S: 550 5.7.1 …
  `;
  await play(t, world.smtp, refused(to.replace('=ann@', '=bob@'), ''));
  await play(
    t,
    world.smtp,
    refused(srs.rewrite('ann@elsewhere.test', 'example.org', now - 30 * 24 * 3600_000), ''),
  );
  await play(t, world.smtp, refused(to, 'advertiser@elsewhere.test'));
  // Two of them in one transaction.
  await play(
    t,
    world.smtp,
    transaction(['Subject: both', '', 'x'], {
      ...{ from: 'mailer-daemon@other.test', to: `${to}>\nS: 250 …\nC: RCPT TO:<${second}`, hello: 'EHLO' },
    }),
  );
  await world.dispatcher().idle();
  assert.deepEqual(
    world.relay.sent.map((one) => [one.to[0], /Subject: (.*)\r/.exec(one.message)?.[1]]).sort(),
    [
      ['ann@elsewhere.test', 'both'],
      ['ann@elsewhere.test', 'failed'],
      ['bea@elsewhere.test', 'both'],
    ],
  );
  assert.deepEqual(new Set(world.relay.sent.map(({ from }) => from.slice(0, 5))), new Set(['', 'SRS0=']));
});

test('mail that comes back stays with the account instead of going round', async (t) => {
  const world = await forwardingWorld(t);
  world.forward(['anna@other.test']);
  const dispatcher = world.dispatcher();
  await play(t, world.lmtp, transaction(hello));
  await dispatcher.idle();
  const message = world.relay.sent[0]!.message.split('\r\n').slice(0, -1);
  await play(t, world.lmtp, transaction(message, { from: world.relay.sent[0]!.from }));
  await dispatcher.idle();
  assert.equal(world.relay.sent.length, 1);
  assert.equal((await contents(world.anna)).length, 1);
});

test('a full account sends mail on, and is missed by nobody', async (t) => {
  const world = await forwardingWorld(t);
  assert((await world.anna.commit(setLimit(10))).ok);
  world.forward(['anna@other.test'], true);
  await play(t, world.lmtp, transaction(hello));
  await world.dispatcher().idle();
  assert.equal(world.relay.sent.length, 1);
  assert.deepEqual(await contents(world.anna), []);
});

test('a process that ends between acceptance and sending loses nothing, and two do not send twice', async (t) => {
  const world = await forwardingWorld(t);
  world.forward(['anna@other.test']);
  world.relay.verdict = () => 'down';
  const first = world.dispatcher();
  await play(t, world.lmtp, transaction(hello));
  await first.idle();
  const second = world.dispatcher();
  await second.idle();
  assert.equal(world.relay.attempts, 1, 'one process sends at a time');
  await first.stop(10_000);
  world.relay.verdict = () => 'takes';
  await world.live(1, second);
  assert.equal(world.relay.sent.length, 1);
});

test('by a relay for own domains mail has a From of ours, and reports a sender', async (t) => {
  const world = await forwardingWorld(t, new TestRelay('own'));
  world.forward(['anna@other.test']);
  const message = ['From: Ann <ann@elsewhere.test>', ...hello];
  await play(t, world.lmtp, transaction(message));
  await play(t, world.lmtp, transaction(message, { from: '' }));
  await world.dispatcher().idle();
  const senders = world.relay.sent.map(({ from }) => from).sort();
  assert.match(senders[0]!, /^SRS0=/);
  assert.equal(senders[1], 'mailer-daemon@example.org');
  for (const { message } of world.relay.sent) {
    assert.match(
      message,
      /^From: "Ann via example\.org" <anna@example\.org>\r\nReply-To: <ann@elsewhere\.test>/,
    );
    assert.equal(message.match(/^From:/gim)?.length, 1);
  }
});

test('too much that waits for one account stays with it, and what others send goes on', async (t) => {
  const world = await forwardingWorld(t);
  const { outbox } = world.forwarding;
  const envelope = {
    ...{ account: world.anna.id, via: 'anna@example.org', sender: '', recipient: 'x@other.test' },
    ...{ reportable: false, kept: true },
  };
  const message = async function* () {
    yield Buffer.from('Subject: x\r\n\r\n');
  };
  const posts = Array.from({ length: laneLimit }, (_, i) => ({ id: String(i), envelope, message }));
  const [one, ...others] = posts;
  assert.deepEqual(await outbox.post([one!, ...others]), { ok: true, value: 'taken' });
  assert.deepEqual(await outbox.post([one!]), { ok: true, value: 'known' });
  world.forward(['anna@other.test']);
  await play(t, world.lmtp, transaction(hello));
  assert.equal((await contents(world.anna)).length, 1);
  assert.deepEqual(
    await outbox.post([{ id: 'report', envelope: { ...envelope, account: undefined }, message }]),
    {
      ok: true,
      value: 'taken',
    },
  );
});
