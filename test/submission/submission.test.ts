import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { createTransport } from 'nodemailer';
import { contents, play } from '../inbound/harness.ts';
import { nextHop, password, submissionWorld } from './harness.ts';

/** The SMTP reply that a sending failed with. */
async function refusalOf(sending: Promise<unknown>): Promise<string> {
  const cause = await sending.then(
    () => undefined,
    (error: { response?: string }) => error,
  );
  assert(cause, 'it was taken');
  return cause.response ?? String(cause);
}

const anna = 'anna@example.org';

test('nothing is taken before TLS and a sign-in, and AUTH is not offered before TLS', async (t) => {
  const world = await submissionWorld(t);
  await play(
    t,
    world.startTls,
    `
    S: 220 mail.example.org ESMTP
    C: EHLO x
    S: 250-mail.example.org
    S: 250-PIPELINING
    S: 250-8BITMIME
    S: 250-SMTPUTF8
    S: 250-ENHANCEDSTATUSCODES
    S: 250-STARTTLS
    S: 250 SIZE 67108864
    C: AUTH PLAIN AAAA
    S: 500 5.5.2 …
    C: MAIL FROM:<anna@example.org>
    S: 530 5.7.0 Issue STARTTLS first, then sign in
  `,
  );
  const anonymous = createTransport({
    host: '127.0.0.1',
    port: world.implicit,
    secure: true,
    tls: { ca: Buffer.from(world.ca), servername: 'localhost' },
  });
  assert.match(await refusalOf(anonymous.sendMail({ from: anna, to: anna, text: '' })), /^530 5\.7\.0 /);
});

test('a wrong password is refused, the fifth ends the connection', async (t) => {
  const world = await submissionWorld(t, {
    tls: undefined,
    listeners: [
      { host: '127.0.0.1', port: 0, tls: 'startTls' },
      { host: '127.0.0.1', port: 0, tls: 'startTls' },
    ],
    options: { hostname: 'mail.example.org', allowPlaintextAuth: true },
  });
  const wrong = Buffer.from('\0anna@example.org\0wrong').toString('base64');
  const attempt = `C: AUTH PLAIN ${wrong}\nS: 535 5.7.8 User name or password is wrong\n`;
  await play(
    t,
    world.startTls,
    `
    S: 220 …
    C: HELO x
    S: 250 …
    ${attempt.repeat(4)}
    C: AUTH PLAIN ${wrong}
    S: 421 4.7.0 Too many failed sign-ins
    S: (closed)
  `,
  );
});

test('of a connection that went over to TLS nothing is left when it is gone', async (t) => {
  const world = await submissionWorld(t);
  await world.client.sendMail({ from: anna, to: anna, text: 'x' });
  world.client.close();
  while (world.server.listeners.some(({ guests }) => guests.length > 0)) await setImmediate();
});

test('PLAIN and LOGIN both sign in, over implicit TLS too', async (t) => {
  const world = await submissionWorld(t);
  for (const method of ['PLAIN', 'LOGIN']) {
    const client = createTransport({
      host: '127.0.0.1',
      port: world.implicit,
      secure: true,
      authMethod: method,
      tls: { ca: Buffer.from(world.ca), servername: 'localhost' },
      auth: { user: anna, pass: password },
    });
    await client.sendMail({ from: anna, to: anna, text: method });
  }
  assert.equal((await contents(world.anna)).length, 2);
});

test('a message to a neighbour arrives at once, complete and without Bcc', async (t) => {
  const world = await submissionWorld(t);
  await world.client.sendMail({
    envelope: { from: 'anna+shop@example.org', to: ['bob@example.org'] },
    raw: 'From: anna@example.org\r\nBcc: bob@example.org,\r\n carol@example.net\r\nSubject: hi\r\n\r\n.dot\r\n',
  });
  const [message] = await contents(world.bob);
  assert.match(
    message!,
    /^Return-Path: <anna\+shop@example.org>\r\nReceived: from [\s\S]*\r\n\tby mail.example.org \(Restante\) with ESMTPSA id [\s\S]*\+0000\r\nDate: .*\r\nMessage-ID: <.*@mail.example.org>\r\nFrom: anna@example.org\r\nSubject: hi\r\n\r\n\.dot\r\n$/,
  );
});

test('a sender is an address of the account, or one whose mail it gets', async (t) => {
  const world = await submissionWorld(t);
  const send = (from: string) =>
    world.client.sendMail({ envelope: { from, to: [anna] }, raw: 'Subject: x\r\n\r\n' });
  for (const from of [
    anna,
    'ANNA@example.org',
    'anna+x@example.org',
    'both@example.org',
    'both+x@example.org',
    '',
  ])
    await send(from);
  for (const from of ['bob@example.org', 'nobody@example.org', 'anna@example.com'])
    assert.match(await refusalOf(send(from)), /^553 5\.7\.1 /);
});

test('without a smart host others are refused at RCPT, with the reason', async (t) => {
  const world = await submissionWorld(t);
  const refusal = await refusalOf(world.client.sendMail({ from: anna, to: 'x@example.net', text: '' }));
  assert.match(refusal, /^550 5\.7\.1 No relay is configured/);
  assert.match(
    await refusalOf(world.client.sendMail({ from: anna, to: 'no@example.org', text: '' })),
    /^550 5\.1\.1 /,
  );
});

test('others get it by way of the smart host, neighbours at once', async (t) => {
  const hop = await nextHop(t);
  const world = await submissionWorld(t, { smartHost: hop.smartHost });
  const raw = 'Date: x\r\nMessage-ID: <a@b>\r\nSubject: hi\r\n\r\n.dot\r\nend\r\n';
  await world.client.sendMail({
    envelope: { from: anna, to: ['x@example.net', 'bob@example.org', 'y@example.com'] },
    raw,
  });
  await world.client.sendMail({ envelope: { from: anna, to: ['x@example.net'] }, raw });
  const [mixed, alone] = hop.received;
  assert.deepEqual(mixed?.to, ['x@example.net', 'y@example.com']);
  assert.equal(mixed?.from, anna);
  for (const { message } of [mixed!, alone!]) {
    assert.match(message, /^Received: from [\s\S]* with ESMTPSA id /);
    assert(message.endsWith(`+0000\r\n${raw}`));
  }
  const [stored] = await contents(world.bob);
  assert(stored!.endsWith(`+0000\r\n${raw}`));
});

for (const [refuses, answer] of [
  [{ data: 554 }, /^554 5\.0\.0 The relay refused the message/],
  [{ data: 451 }, /^451 4\.4\.1 /],
  [{ recipient: 'x@example.net' }, /^554 5\.0\.0 Sent to the others, but refused for x@example\.net$/],
] as const)
  test(`what the smart host answers reaches the client: ${JSON.stringify(refuses)}`, async (t) => {
    const hop = await nextHop(t, refuses);
    const world = await submissionWorld(t, { smartHost: hop.smartHost });
    const sending = world.client.sendMail({ from: anna, to: 'x@example.net, y@example.net', text: 'hi' });
    assert.match(await refusalOf(sending), answer);
  });

test('a client that comes again because of the smart host brings neighbours no second copy', async (t) => {
  const away = await submissionWorld(t, {
    smartHost: { host: '127.0.0.1', port: 1, implicitTls: false, credentials: undefined },
  });
  const raw = 'Date: x\r\nMessage-ID: <a@b>\r\n\r\nhi\r\n';
  const envelope = { from: anna, to: ['bob@example.org', 'x@example.net'] };
  for (let i = 0; i < 2; i++)
    assert.match(await refusalOf(away.client.sendMail({ envelope, raw })), /^451 4\.4\.1 /);
  assert.equal((await contents(away.bob)).length, 1);
});

for (const refuses of [{ data: 554 }, { recipient: 'x@example.net' }])
  test(`what was refused for good is sent anew, also to neighbours: ${JSON.stringify(refuses)}`, async (t) => {
    const hop = await nextHop(t, refuses);
    const world = await submissionWorld(t, { smartHost: hop.smartHost });
    const raw = 'Date: x\r\nMessage-ID: <a@b>\r\n\r\nhi\r\n';
    const envelope = { from: anna, to: ['bob@example.org', 'x@example.net', 'y@example.net'] };
    assert.match(await refusalOf(world.client.sendMail({ envelope, raw })), /^554 5\.0\.0 /);
    await world.client.sendMail({ envelope: { from: anna, to: ['bob@example.org'] }, raw });
    assert.equal((await contents(world.bob)).length, 2);
  });

test('a message that is too large goes nowhere', async (t) => {
  const hop = await nextHop(t);
  const world = await submissionWorld(t, {
    smartHost: hop.smartHost,
    options: { hostname: 'mail.example.org', messageLimit: 100_000 },
  });
  const raw = `Subject: x\r\n\r\n${'x'.repeat(200_000)}\r\n`;
  for (const to of ['x@example.net', 'bob@example.org'])
    assert.match(
      await refusalOf(world.client.sendMail({ envelope: { from: anna, to: [to] }, raw })),
      /^552 5\.3\.4 /,
    );
  assert.deepEqual(hop.received, []);
  assert.deepEqual(await contents(world.bob), []);
});
