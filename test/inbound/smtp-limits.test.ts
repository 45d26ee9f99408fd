import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setLimit } from '../../shared/engine/mailbox-actions.ts';
import { contents, inboundWorld, play } from './harness.ts';
import { hello } from './smtp-greeting.ts';

/** A message to anna and bob, up to its answer. */
const toBoth = (subject: string): string => `
    C: MAIL FROM:<c@example.net>
    S: 250 …
    C: RCPT TO:<anna@example.org>
    S: 250 …
    C: RCPT TO:<bob@example.org>
    S: 250 …
    C: DATA
    S: 354 …
    C: Subject: ${subject}
    C: .
  `;

test('a full account is refused at RCPT, by the declared size or when it is full already', async (t) => {
  const world = await inboundWorld(t);
  assert((await world.anna.commit(setLimit(1000))).ok);
  await play(
    t,
    world.smtp,
    `${hello}
    C: MAIL FROM:<c@example.net> SIZE=2000
    S: 250 …
    C: RCPT TO:<anna@example.org>
    S: 552 5.2.2 The mailbox is full
    C: RCPT TO:<bob@example.org>
    S: 250 …
    C: RSET
    S: 250 …
    C: MAIL FROM:<c@example.net>
    S: 250 …
    C: RCPT TO:<anna@example.org>
    S: 250 …
    C: DATA
    S: 354 …
    C: ${'x'.repeat(1200)}
    C: .
    S: 552 5.2.2 The mailbox is full
  `,
  );
  assert.deepEqual(await contents(world.anna), []);
});

test('a recipient that is named again and again counts each time', async (t) => {
  const world = await inboundWorld(t);
  const again = `
    C: RCPT TO:<anna@example.org>
    S: 250 …`;
  const transaction = `
    C: MAIL FROM:<c@example.net>
    S: 250 …${again.repeat(100)}
    C: RCPT TO:<anna@example.org>
    S: 452 4.5.3 Too many recipients`;
  await play(t, world.smtp, `${hello}${transaction}\n    C: RSET\n    S: 250 …${transaction}`);
});

test('a full account takes note again of what it has', async (t) => {
  const world = await inboundWorld(t);
  const attempt = toBoth('x'.repeat(600));
  assert((await world.anna.commit(setLimit(1100))).ok);
  assert((await world.bob.commit(setLimit(100))).ok);
  await play(t, world.smtp, `${hello}${attempt}S: 451 4.3.0 …`);
  assert((await world.bob.commit(setLimit(undefined))).ok);
  await play(t, world.smtp, `${hello}${attempt}S: 250 2.0.0 Delivered`);
  assert.equal((await contents(world.anna)).length, 1);
  assert.equal((await contents(world.bob)).length, 1);
});

test('where one of two is full the sender comes again, and the other takes no second copy', async (t) => {
  const world = await inboundWorld(t);
  assert((await world.anna.commit(setLimit(100))).ok);
  const attempt = toBoth('twice');
  await play(t, world.smtp, `${hello}${attempt}S: 451 4.3.0 …`);
  assert.equal((await contents(world.bob)).length, 1);
  assert((await world.anna.commit(setLimit(undefined))).ok);
  await play(t, world.smtp, `${hello}${attempt}S: 250 2.0.0 Delivered`);
  assert.equal((await contents(world.bob)).length, 1);
  assert.equal((await contents(world.anna)).length, 1);
  await play(t, world.smtp, `${hello}${attempt}S: 250 2.0.0 Delivered`);
  assert.equal((await contents(world.bob)).length, 2, 'sent again on purpose');
});

test('a message that is too large is refused when it was declared and when it was not', async (t) => {
  const world = await inboundWorld(t, (parts) => ({ options: { ...parts.options, messageLimit: 5000 } }));
  await play(
    t,
    world.smtp,
    `${hello.replace('67108864', '5000')}
    C: MAIL FROM:<c@example.net> SIZE=5001
    S: 552 5.3.4 …
    C: MAIL FROM:<c@example.net>
    S: 250 …
    C: RCPT TO:<anna@example.org>
    S: 250 …
    C: DATA
    S: 354 …
    C: ${'x'.repeat(500_000)}
    C: .
    S: 552 5.3.4 Messages are at most 5000 bytes
    C: NOOP
    S: 250 …
  `,
  );
  assert.deepEqual(await contents(world.anna), []);
});

test('mail that goes round in a circle is refused', async (t) => {
  const world = await inboundWorld(t);
  await play(
    t,
    world.smtp,
    `${hello}
    C: MAIL FROM:<c@example.net>
    S: 250 …
    C: RCPT TO:<anna@example.org>
    S: 250 …
    C: DATA
    S: 354 …
    ${'C: Received: from a by b; now\n'.repeat(50)}
    C: 
    C: .
    S: 554 5.4.6 The message goes round in a circle
  `,
  );
  assert.deepEqual(await contents(world.anna), []);
});

test('more recipients than are taken at once are put off', async (t) => {
  const world = await inboundWorld(t, (parts) => ({ options: { ...parts.options, maxRecipients: 1 } }));
  await play(
    t,
    world.smtp,
    `${hello}
    C: MAIL FROM:<c@example.net>
    S: 250 …
    C: RCPT TO:<anna@example.org>
    S: 250 …
    C: RCPT TO:<bob@example.org>
    S: 452 4.5.3 …
  `,
  );
});

test('only CRLF.CRLF ends a message: no second one can be smuggled in', async (t) => {
  const world = await inboundWorld(t);
  await play(
    t,
    world.smtp,
    `${hello}
    C: MAIL FROM:<c@example.net>
    S: 250 …
    C: RCPT TO:<anna@example.org>
    S: 250 …
    C: DATA
    S: 354 …
    C: one\\n.\\nMAIL FROM:<x@example.net>\\r\\n.\\nRCPT TO:<bob@example.org>\\n.
    C: .
    S: 250 2.0.0 Delivered
  `,
  );
  assert.equal((await contents(world.anna)).length, 1);
  assert.deepEqual(await contents(world.bob), []);
});

test('a connection that breaks in the middle of its message leaves nothing', async (t) => {
  const world = await inboundWorld(t);
  const transaction = `
    C: MAIL FROM:<c@example.net>
    S: 250 …
    C: RCPT TO:<anna@example.org>
    S: 250 …
    C: DATA
    S: 354 …
    C: Subject: half
  `;
  await play(t, world.smtp, `${hello}${transaction}`);
  await world.server.close(0);
  assert.deepEqual(await contents(world.anna), []);
});
