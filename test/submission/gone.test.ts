import assert from 'node:assert/strict';
import { test } from 'node:test';
import { town } from '../inbound/harness.ts';
import { path, sessionOf, submissionIn } from './by-hand.ts';

const own = path('anna@example.org');
// Not the account's own, so that the directory is asked.
const shared = path('both@example.org');

test('of a transaction nothing is left where its connection closes while the directory is asked for the sender', async () => {
  const here = await town();
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  const { people } = here;
  const alias = people.alias;
  people.alias = async (address) => {
    asked.resolve();
    await answer.promise;
    return alias(address);
  };
  const submission = submissionIn(here);
  const session = sessionOf(here, 'anna');
  const mail = submission.mailFrom(session, shared);
  await asked.promise;
  submission.closed(session);
  answer.resolve();
  await mail;
  assert.equal((await submission.rcptTo(session, own))?.responseCode, 451, 'there is no transaction');
});

test('a refused sender begins no transaction', async () => {
  const here = await town();
  const submission = submissionIn(here);
  const session = sessionOf(here, 'anna');
  assert.equal((await submission.mailFrom(session, path('bob@example.org')))?.responseCode, 553);
  assert.equal((await submission.rcptTo(session, own))?.responseCode, 451);
});
