import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSesRelay } from '../../services/submission/ses-relay.ts';
import { createRelay, type Relay, type RelayRequest } from '../../services/submission/smart-host.ts';
import { accountPrefix, outboxAccount } from '../../shared/ids.ts';
import { ok } from '../../shared/result.ts';
import { town } from '../inbound/harness.ts';
import { letter, sessionOf, submissionIn } from './by-hand.ts';
import { hostname, nextHop } from './harness.ts';

const elsewhere = 'x@example.net';
const large = 'x'.repeat(998).concat('\r\n').repeat(200);

test('a client that sends slowly keeps no other from the smart host', async (t) => {
  const hop = await nextHop(t);
  const relay = createRelay(hop.smartHost, { hostname, connections: 1, waiting: 0 });
  const here = await town();
  const submission = submissionIn(here, { relay });
  const slow = await letter(submission, sessionOf(here, 'anna'), elsewhere);
  slow.write(`Subject: slow\r\n\r\n${large}`);
  const quick = await letter(submission, sessionOf(here, 'anna'), elsewhere);
  quick.write('Subject: quick\r\n\r\n');
  quick.end();
  assert.equal(await quick.reply, undefined);
  slow.end();
  assert.equal(await slow.reply, undefined);
  assert.deepEqual(
    hop.received.map(({ message }) => /Subject: (.*)\r/.exec(message)?.[1]),
    ['quick', 'slow'],
  );
  assert.ok(hop.received[1]!.message.endsWith(`\r\n\r\n${large}`));
});

test('four clients that send slowly keep no other from SES', async () => {
  const here = await town();
  const subjects: string[] = [];
  const relay = createSesRelay(async ({ raw }) => {
    subjects.push(/Subject: (.*)\r/.exec(Buffer.from(raw).toString())![1]!);
  });
  const submission = submissionIn(here, { relay });
  const letters = [];
  for (const subject of ['a', 'b', 'c', 'd', 'quick']) {
    const one = await letter(submission, sessionOf(here, 'anna'), elsewhere);
    one.write(`Subject: ${subject}\r\n\r\n`);
    letters.push(one);
  }
  letters.at(-1)!.end();
  assert.equal(await letters.at(-1)!.reply, undefined);
  assert.deepEqual(subjects, ['quick']);
  for (const one of letters) one.end();
  for (const { reply } of letters) assert.equal(await reply, undefined);
});

test('of a message that waited for the relay in the store nothing stays there', async () => {
  const here = await town();
  const { blobs } = here.local.engine.parts;
  const held = async () => (await blobs.list(`${accountPrefix(outboxAccount)}m/`)).length;
  const before = await held();
  const during: number[] = [];
  const relay: Relay = {
    senders: 'any',
    async send({ message }: RelayRequest) {
      during.push((await held()) - before);
      for await (const _ of message());
      return ok({ rejected: [] });
    },
  };
  const submission = submissionIn(here, { relay, messageLimit: 300_000 });
  for (const [text, code] of [
    ['Subject: small\r\n\r\n', undefined],
    [`Subject: large\r\n\r\n${large}`, undefined],
    [`Subject: too large\r\n\r\n${large.repeat(2)}`, 552],
  ] as const) {
    const sent = await letter(submission, sessionOf(here, 'anna'), elsewhere);
    sent.write(text);
    sent.end();
    assert.equal((await sent.reply)?.responseCode, code);
    assert.equal(await held(), before);
  }
  assert.deepEqual(during, [0, 1]);
});
