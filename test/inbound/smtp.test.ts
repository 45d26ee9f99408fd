import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { createTransport } from 'nodemailer';
import { createMailbox } from '../../shared/engine/mailbox-actions.ts';
import { tlsSettings } from '../net/harness.ts';
import { contents, inboundWorld, play } from './harness.ts';
import { hello } from './smtp-greeting.ts';

test('a message arrives with its trace fields and its exact octets', async (t) => {
  const world = await inboundWorld(t);
  await play(
    t,
    world.smtp,
    `${hello}
    C: MAIL FROM:<carol@example.net> SIZE=100 BODY=8BITMIME
    S: 250 2.1.0 Accepted
    C: RCPT TO:<Anna@Example.org>
    S: 250 2.1.5 Accepted
    C: DATA
    S: 354 …
    C: Subject: hi
    C: 
    C: ..dot
    C: bare\\nlf
    C: .
    S: 250 2.0.0 Delivered
    C: QUIT
    S: 221 2.0.0 Bye
    S: (closed)
  `,
  );
  const [message] = await contents(world.anna);
  assert.match(
    message!,
    /^Return-Path: <carol@example.net>\r\nDelivered-To: Anna@[Ee]xample.org\r\nReceived: from client.example.net \(\[127.0.0.1\]\)\r\n\tby mx.example.org \(Restante\) with ESMTP id [0-9a-f]{16}\r\n\tfor <Anna@[Ee]xample.org>;\r\n\t\w{3}, \d+ \w{3} \d{4} [\d:]{8} \+0000\r\nSubject: hi\r\n\r\n\.dot\r\nbare\r\nlf\r\n$/,
  );
});

test('recipients are judged at RCPT', async (t) => {
  const world = await inboundWorld(t);
  world.people.addAlias('dead', 'nobody');
  await play(
    t,
    world.smtp,
    `${hello}
    C: MAIL FROM:<>
    S: 250 2.1.0 Accepted
    C: RCPT TO:<nobody@example.org>
    S: 550 5.1.1 There is no such address here
    C: RCPT TO:<dead@example.org>
    S: 550 5.1.1 There is no such address here
    C: RCPT TO:<carl@example.org>
    S: 550 5.2.1 The account is suspended
    C: RCPT TO:<x@example.com>
    S: 550 5.7.1 Mail for that domain is not relayed here
    C: RCPT TO:<x@[127.0.0.1]>
    S: 553 5.1.3 That is no address
    C: RCPT TO:<postmaster>
    S: 550 5.1.1 There is no such address here
    C: DATA
    S: 503 5.5.1 …
    C: AUTH PLAIN AAAA
    S: 500 5.5.2 …
    C: STARTTLS
    S: 500 5.5.2 …
  `,
  );
});

for (const [who, options, aliases, gets] of [
  ['the first postmaster among the domains', {}, { postmaster: 'bob' }, 'bob'],
  ['whom the operator named', { postmaster: 'anna@example.org' }, { postmaster: 'bob' }, 'anna'],
  [
    "the postmaster of the server's own name first",
    { hostname: 'example.org' },
    { postmaster: 'anna' },
    'anna',
  ],
] as const)
  test(`mail to <postmaster> without a domain is for ${who} (RFC 5321 §4.5.1)`, async (t) => {
    const world = await inboundWorld(t, (parts) => ({ options: { ...parts.options, ...options } }));
    for (const [name, target] of Object.entries(aliases)) world.people.addAlias(name, target);
    await play(
      t,
      world.smtp,
      `S: 220 …
      C: HELO client.example.net
      S: 250 …
      C: MAIL FROM:<>
      S: 250 …
      C: RCPT TO:<PostMaster>
      S: 250 …
      C: DATA
      S: 354 …
      C: Subject: open relay?
      C:
      C: .
      S: 250 …
    `,
    );
    assert.equal((await contents(world[gets])).length, 1);
    assert.equal((await contents(world[gets === 'bob' ? 'anna' : 'bob'])).length, 0);
  });

test('a postmaster that was named wrongly is refused, not replaced', async (t) => {
  const options = { hostname: 'mx.example.org', postmaster: 'gone@example.org' };
  const world = await inboundWorld(t, () => ({ options }));
  world.people.addAlias('postmaster', 'anna');
  await play(
    t,
    world.smtp,
    `S: 220 …
    C: HELO client.example.net
    S: 250 …
    C: MAIL FROM:<>
    S: 250 …
    C: RCPT TO:<postmaster>
    S: 550 5.1.1 …
  `,
  );
});

test('an alias delivers to all that it names, each with a copy of its own, and tells nobody of the other', async (t) => {
  const world = await inboundWorld(t);
  const transport = createTransport({ host: '127.0.0.1', port: world.smtp, ignoreTLS: true });
  await transport.sendMail({ from: 'c@example.net', to: 'both@example.org, anna@example.org', text: 'hi' });
  const [anna, bob] = [await contents(world.anna), await contents(world.bob)];
  assert.equal(anna.length, 1);
  assert.deepEqual(bob, anna);
  assert.doesNotMatch(anna[0]!, /^Delivered-To:|for <.*>;/m);
  transport.close();
});

test('a detail files the message, where there is such a mailbox and it is not the owner’s own', async (t) => {
  const world = await inboundWorld(t);
  assert((await world.anna.commit(createMailbox('Lists'))).ok);
  const transport = createTransport({ host: '127.0.0.1', port: world.smtp, ignoreTLS: true });
  for (const detail of ['lists', 'sent', 'other'])
    await transport.sendMail({ from: 'c@example.net', to: `anna+${detail}@example.org`, text: detail });
  assert.equal((await contents(world.anna, 'Lists')).length, 1);
  assert.equal((await contents(world.anna, 'Sent')).length, 0);
  assert.equal((await contents(world.anna)).length, 2);
  transport.close();
});

test('a message of 20 MB is stored octet by octet', async (t) => {
  const world = await inboundWorld(t);
  const line = `${'0123456789abcdef'.repeat(64)}\r\n.`;
  const message = `Subject: big\r\n\r\n${line.repeat(20_000_000 / line.length)}\r\n`;
  const transport = createTransport({ host: '127.0.0.1', port: world.smtp, ignoreTLS: true });
  await transport.sendMail({ envelope: { from: 'c@example.net', to: ['both@example.org'] }, raw: message });
  for (const account of [world.anna, world.bob]) {
    const [stored] = await contents(account);
    assert(stored!.endsWith(`\r\n${message}`));
  }
  transport.close();
});

test('STARTTLS is offered where there is a certificate, and the certificate of the moment is used', async (t) => {
  const { settings, files } = await tlsSettings(t);
  const world = await inboundWorld(t, () => ({ tls: settings.context }));
  const transport = createTransport({
    host: '127.0.0.1',
    port: world.smtp,
    requireTLS: true,
    tls: { ca: await readFile(files.caFile), servername: 'localhost' },
  });
  await transport.sendMail({ from: 'c@example.net', to: 'anna@example.org', text: 'sealed' });
  const [message] = await contents(world.anna);
  assert.match(
    message!,
    /\(using TLSv1\.3 with cipher TLS_\w+\)\r\n\tby mx.example.org \(Restante\) with ESMTPS id/,
  );
  transport.close();
});
