import assert from 'node:assert/strict';
import { test } from 'node:test';
import { localEngine } from '../support/local-engine.ts';
import { deliver, MessageSession } from './message-session.ts';

const local = await localEngine();
const account = await local.account();
await deliver(
  account,
  'INBOX',
  [
    'From: user-from (comment)@ (comment) domain.org',
    'From: "John \\"JD\\" Doe" <jd@example.org>',
    'To: Friends: =?utf-8?q?Zo=C3=AB?= (at home) <zoe@example.org>;',
    'Subject: A header\n\tthat a TAB \t\n folds\nX-Note: one\ttwo',
  ].map((header) => ({ text: `${header}\n\n` })),
);

for (const [criteria, numbers] of [
  ['FROM user-from@domain.org', [1]],
  ['FROM "(comment)@"', [1]],
  ['HEADER FROM user-from@domain.org', []],
  ['FROM "John \\"JD\\" Doe <jd@"', [2]],
  ['FROM ""', [1, 2]],
  ['CHARSET UTF-8 TO "Zo\u00eb <zoe@example.org>"', [3]],
  ['TO friends', [3]],
  ['CC user-from', []],
  ['SUBJECT "header that a tab folds"', [4]],
  ['SUBJECT "header\tthat"', [4]],
  ['SUBJECT "headerthat"', []],
  ['HEADER X-Note "one two"', [4]],
  ['TEXT "that a tab folds"', [4]],
  ['TEXT "subject: a"', [4]],
] as const)
  test(`SEARCH ${criteria} finds a field however it was written`, async () =>
    assert.deepEqual(await new MessageSession(account).lines(`SEARCH ${criteria}`), [
      ['* SEARCH', ...numbers].join(' '),
      `a OK ${numbers.length} found`,
    ]));
