import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setLimit } from '../../shared/engine/mailbox-actions.ts';
import { contents, inboundWorld, play } from './harness.ts';
import { hello } from './smtp-greeting.ts';

/** A message for which the mailbox of anna has no room, with a limit of so many octets; `recipients` with what is said to each. */
const attempt = (
  recipients: Readonly<Record<string, string>>,
  answer: string,
  size = '',
  limit = 1000,
): string => `${hello}
    C: MAIL FROM:<c@example.net>${size}
    S: 250 …
    ${Object.entries(recipients)
      .map(([name, said]) => `C: RCPT TO:<${name}@example.org>\n    S: ${said}`)
      .join('\n    ')}
    C: DATA
    S: 354 …
    C: Subject: long
    C:
    ${'C: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n    '.repeat(limit / 32)}
    C: .
    S: ${answer}
    `;

const apart = '452 4.2.2 …';
const delivered = '250 2.0.0 Delivered';

for (const [why, names, size] of [
  ['whose size was not declared', ['anna'], ''],
  ['whose declared size leaves no room for the trace', ['anna'], ' SIZE=910'],
  ['with two addresses of the full account', ['anna', 'anna+x'], ''],
  ['to an alias with a full account behind it', ['both'], ' SIZE=1100'],
] as const)
  test(`a message ${why} does not come again and again because of one who is full`, async (t) => {
    const world = await inboundWorld(t);
    const carol = await world.local.account();
    world.people.add('carol', carol.id);
    assert((await world.anna.commit(setLimit(1000))).ok);
    const saying = (text: string) => Object.fromEntries(names.map((name) => [name, text]));
    const tried = { ...saying('250 …'), carol: '250 …' };
    await play(t, world.smtp, attempt(tried, '451 4.3.0 …', size));
    await play(t, world.smtp, attempt({ ...saying(apart), carol: '250 …' }, delivered, size));
    await play(t, world.smtp, attempt(saying('250 …'), '552 5.2.2 The mailbox is full', size));
    assert.deepEqual(await contents(world.anna), []);
    assert.equal((await contents(carol)).length, 1);
    assert.equal((await contents(world.bob)).length, names[0] === 'both' ? 1 : 0);
  });

test('who was put off for a message of the same sender that was too long gets the next one', async (t) => {
  const world = await inboundWorld(t);
  assert((await world.anna.commit(setLimit(1000))).ok);
  await play(t, world.smtp, attempt({ anna: '250 …', bob: '250 …' }, '451 4.3.0 …'));
  const short = (answer: string, rest = '') => `${hello}
    C: MAIL FROM:<c@example.net>
    S: 250 …
    C: RCPT TO:<anna@example.org>
    S: ${answer}
    ${rest}`;
  await play(t, world.smtp, short(apart));
  await play(t, world.smtp, short('250 …', `C: DATA\n    S: 354 …\n    C: .\n    S: ${delivered}`));
  assert.equal((await contents(world.anna)).length, 1);
});

test('a message that says that it is shorter than that one is not put off for it', async (t) => {
  const world = await inboundWorld(t);
  assert((await world.anna.commit(setLimit(10_000))).ok);
  await play(t, world.smtp, attempt({ anna: '250 …', bob: '250 …' }, '451 4.3.0 …', '', 10_000));
  const rcpt = `${hello}
    C: MAIL FROM:<c@example.net> SIZE=2000
    S: 250 …
    C: RCPT TO:<anna@example.org>
    S: 250 …
    `;
  await play(t, world.smtp, rcpt);
});
