import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RetryMemory } from '../../services/inbound/retries.ts';
import type { Relay } from '../../services/submission/smart-host.ts';
import { err, ok } from '../../shared/result.ts';
import { contents, town } from '../inbound/harness.ts';
import { letter, sessionOf, submissionIn } from './by-hand.ts';

/** Two servers on one store, which know nothing of each other, and a relay that is down until it is mended. */
async function twoServers() {
  const here = await town();
  let isDown = true;
  const relay: Relay = {
    senders: 'any',
    send: async () => (isDown ? err({ kind: 'unavailable', cause: 'down' }) : ok({ rejected: [] })),
  };
  const servers = [1, 2].map(() => submissionIn(here, { relay, retries: new RetryMemory() }));
  const send = async (server: number, text: string, ...to: readonly string[]) => {
    const sent = await letter(servers[server]!, sessionOf(here, 'anna'), ...to);
    sent.write(text);
    sent.end();
    return (await sent.reply)?.responseCode;
  };
  return {
    send,
    mend: () => {
      isDown = false;
    },
    copies: async () => (await contents(here.bob)).length,
  };
}

const named = (id: string) =>
  `Message-ID: <${id}@client>\r\nDate: Sat, 28 Nov 2026 12:00:00 +0000\r\nSubject: hi\r\n\r\nbody\r\n`;
const both = ['bob@example.org', 'x@example.net'];

test('a message that comes again to another server brings neighbours no second copy', async () => {
  const { send, mend, copies } = await twoServers();
  assert.equal(await send(0, named('a'), ...both), 451);
  mend();
  assert.equal(await send(1, named('a'), ...both), undefined);
  assert.equal(await copies(), 1);
});

test('what is sent once more on purpose arrives: with another Message-ID, with none or no date, or in other words', async () => {
  const { send, copies } = await twoServers();
  const texts = [
    named('a'),
    named('b'),
    'Subject: hi\r\n\r\n',
    'Subject: hi\r\n\r\n',
    named('a').replace('body', 'x'),
    named('a').replace(/Date.*\r\n/, ''),
    named('a').replace(/Date.*\r\n/, ''),
  ];
  for (const text of texts) assert.equal(await send(0, text, 'bob@example.org'), undefined);
  assert.equal(await copies(), texts.length);
});
