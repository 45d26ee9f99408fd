import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setLimit } from '../../shared/engine/mailbox-actions.ts';
import { contents, inboundWorld, play } from './harness.ts';

const hello = `
  S: 220 mx.example.org LMTP
  C: EHLO front
  S: 500 …
  C: LHLO front
  S: 250-mx.example.org
  S: 250-PIPELINING
  S: 250-8BITMIME
  S: 250-SMTPUTF8
  S: 250-ENHANCEDSTATUSCODES
  S: 250 SIZE 67108864
`;

test('LMTP answers for each recipient', async (t) => {
  const world = await inboundWorld(t);
  assert((await world.anna.commit(setLimit(100))).ok);
  await play(
    t,
    world.lmtp,
    `${hello}
    C: MAIL FROM:<c@example.net>
    S: 250 2.1.0 …
    C: RCPT TO:<anna@example.org>
    S: 250 2.1.5 …
    C: RCPT TO:<nobody@example.org>
    S: 550 5.1.1 …
    C: RCPT TO:<bob@example.org>
    S: 250 2.1.5 …
    C: RCPT TO:<BOB@example.org>
    S: 250 2.1.5 …
    C: DATA
    S: 354 …
    C: Subject: x
    C: .
    S: 552 5.2.2 The mailbox is full
    S: 250 2.0.0 Delivered
    S: 250 2.0.0 Delivered
    C: RSET
    S: 250 …
  `,
  );
  assert.deepEqual(await contents(world.anna), []);
  assert.equal((await contents(world.bob)).length, 1);
});

test('the same message over LMTP twice is two messages', async (t) => {
  const world = await inboundWorld(t);
  const transaction = `
    C: MAIL FROM:<>
    S: 250 …
    C: RCPT TO:<anna@example.org>
    S: 250 …
    C: DATA
    S: 354 …
    C: Subject: x
    C: .
    S: 250 …
  `;
  await play(t, world.lmtp, `${hello}${transaction.repeat(2)}`);
  const messages = await contents(world.anna);
  assert.equal(messages.length, 2);
  assert.match(messages[0]!, /^Return-Path: <>\r\n[\s\S]* with LMTP id /);
});
