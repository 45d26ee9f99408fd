import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setLimit } from '../../shared/engine/mailbox-actions.ts';
import { contents, town } from '../inbound/harness.ts';
import { letter, sessionOf, submissionIn } from './by-hand.ts';

test('a client that comes again because a neighbour is full is told at that recipient, and gets on with the others', async () => {
  const here = await town();
  assert((await here.anna.commit(setLimit(1000))).ok);
  const submission = submissionIn(here);
  const send = async (...names: readonly string[]) => {
    const addresses = names.map((name) => `${name}@example.org`);
    const sent = await letter(submission, sessionOf(here, 'anna'), ...addresses);
    sent.write(`Subject: long\r\n\r\n${'x'.repeat(900)}\r\n`);
    sent.end();
    return (await sent.reply)?.responseCode;
  };
  assert.equal(await send('bob', 'anna'), 451);
  await assert.rejects(send('bob', 'anna'), { responseCode: 452, enhancedCode: '4.2.2' });
  assert.equal(await send('bob'), undefined);
  assert.equal((await contents(here.bob)).length, 1);
});
