import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inOwnName } from '../../services/forwarding/own-name.ts';

const renamed = (lines: readonly string[]) =>
  Buffer.from(inOwnName(Buffer.from(lines.map((line) => `${line}\r\n`).join('')), 'anna@example.org'))
    .toString()
    .split('\r\n')
    .slice(0, -1);

test('a relay for own domains sees one of them as From, and answers go to the author', () => {
  const dkim = 'DKIM-Signature: v=1; d=elsewhere.test;\r\n\tb=abc';
  assert.deepEqual(
    renamed([
      'Received: by x',
      dkim,
      'From: "Lee, Ann" <ann@elsewhere.test>',
      'Sender: s@x.test',
      'Subject: hi',
    ]),
    [
      'From: "Lee, Ann via example.org" <anna@example.org>',
      'Reply-To: <ann@elsewhere.test>',
      'Received: by x',
      'Subject: hi',
    ],
  );
});

test('a Reply-To of the author stays, and names in other letters are kept', () => {
  assert.deepEqual(renamed(['From: =?utf-8?q?J=C3=BCrgen?= <j@x.test>', 'Reply-To: list@x.test']), [
    'From: =?UTF-8?Q?J=C3=BCrgen?= via example.org <anna@example.org>',
    'Reply-To: list@x.test',
  ]);
});

test('without a name the address stands for it, and without a From nobody does', () => {
  assert.equal(renamed(['From: ann@x.test'])[0], 'From: "ann@x.test via example.org" <anna@example.org>');
  assert.deepEqual(renamed(['Subject: x']), [
    'From: "unknown via example.org" <anna@example.org>',
    'Subject: x',
  ]);
  assert.deepEqual(renamed(['From: undisclosed <nonsense>'])[1], undefined);
});
