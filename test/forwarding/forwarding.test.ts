import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outboxLimits } from '../../services/forwarding/outbox-limits.ts';
import { senderRewriting } from '../../services/forwarding/srs.ts';
import { setLimit } from '../../shared/engine/mailbox-actions.ts';
import { accountPrefix, outboxAccount } from '../../shared/ids.ts';
import { contents, play } from '../inbound/harness.ts';
import { forwardingWorld, hello, outsideOf, TestRelay, transaction } from './harness.ts';

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

test('where the relay has too much to do, nothing more begins for some seconds', async (t) => {
  const world = await forwardingWorld(t);
  world.forward(['anna@other.test']);
  world.relay.verdict = () => 'busy';
  for (let i = 0; i < 20; i++) await play(t, world.lmtp, transaction(hello));
  const dispatcher = world.dispatcher();
  await dispatcher.idle();
  assert.equal(world.relay.attempts, 8, 'those that were under way');
  world.clock.advance(5_000);
  await dispatcher.idle();
  assert.equal(world.relay.attempts, 8);
  world.relay.verdict = () => 'takes';
  world.clock.advance(5_000);
  await dispatcher.idle();
  assert.equal(world.relay.sent.length, 12);
  await world.live(1, dispatcher);
  assert.equal(world.relay.sent.length, 20);
});

test('reports to rewritten senders go back to them; forged, old and other mail does not', async (t) => {
  const world = await forwardingWorld(t);
  const now = Date.now();
  const srs = senderRewriting(world.forwarding.secret);
  const to = srs.rewrite('ann@elsewhere.test', 'example.org', now);
  const second = srs.rewrite('bea@elsewhere.test', 'example.org', now);
  await play(
    t,
    world.smtp,
    transaction(['Auto-Submitted: auto-replied', 'Subject: failed', '', 'x'], {
      from: '',
      to,
      hello: 'EHLO',
    }),
  );
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
  const answer = '550 5.7.1 …';
  for (const lines of [['Subject: buy'], ['Auto-Submitted: no', 'Subject: buy'], ['From: <a@b.test>']])
    await play(t, world.smtp, transaction([...lines, '', 'x'], { from: '', to, hello: 'EHLO', answer }));
  const qmail = ['From: MAILER-DAEMON@other.test', 'Subject: failure notice', '', 'x'];
  await play(t, world.smtp, transaction(qmail, { from: '', to, hello: 'EHLO' }));
  // Two of them in one transaction.
  await play(
    t,
    world.smtp,
    transaction(['Content-Type: multipart/report; boundary=b', 'Subject: both', '', 'x'], {
      ...{ from: 'mailer-daemon@other.test', to: `${to}>\nS: 250 …\nC: RCPT TO:<${second}`, hello: 'EHLO' },
    }),
  );
  await world.dispatcher().idle();
  assert.deepEqual(
    world.relay.sent.map((one) => [one.to[0], /Subject: (.*)\r/.exec(one.message)?.[1]]).sort(),
    [
      ['ann@elsewhere.test', 'both'],
      ['ann@elsewhere.test', 'failed'],
      ['ann@elsewhere.test', 'failure notice'],
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
  const posts = Array.from({ length: outboxLimits.account.messages }, (_, i) => ({
    id: String(i),
    envelope,
    message,
  }));
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
