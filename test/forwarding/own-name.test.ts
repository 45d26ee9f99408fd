import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inOwnName } from '../../services/forwarding/own-name.ts';
import { parseAddresses } from '../../shared/message/addresses.ts';
import { decodeWords } from '../../shared/message/encoded-words.ts';
import { fieldValue } from '../../shared/message/header.ts';

const renamed = (lines: readonly string[], via = 'anna@example.org') =>
  Buffer.from(inOwnName(Buffer.from(lines.map((line) => `${line}\r\n`).join('')), via))
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
    'From: =?UTF-8?Q?J=C3=BCrgen_via_example=2Eorg?= <anna@example.org>',
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

for (const [name, shown] of [
  ['"Schmidt, Jörg"', 'Schmidt, Jörg via example.org'],
  [
    '=?utf-8?q?ceo=40example.org=2C_<x=40y.test>=3B_=C3=BC?=',
    'ceo@example.org, <x@y.test>; ü via example.org',
  ],
  ['=?utf-8?q?=3D=3Futf-8=3Fq=3Fceo=3F=3D?=', '=?utf-8?q?ceo?= via example.org'],
  [`=?utf-8?q?${'=C3=A9'.repeat(250)}?=`, `${'é'.repeat(200)} via example.org`],
] as const)
  test(`whatever the author is called, From names one of ours alone: ${name.slice(0, 40)}`, () => {
    const block = inOwnName(Buffer.from(`From: ${name} <a@evil.test>\r\n`), 'anna@example.org');
    const lines = Buffer.from(block).toString().split('\r\n');
    for (const line of lines) assert.match(line, /^[ -~]{0,100}$/);
    const authors = parseAddresses(fieldValue(block, 'from')!);
    assert.deepEqual(
      authors.map(({ mailbox, host }) => `${mailbox}@${host}`),
      ['anna@example.org'],
    );
    assert.equal(decodeWords(authors[0]!.name!), shown);
  });

test('domains in other letters go out in A-labels, for relays that know no others', () => {
  assert.deepEqual(renamed(['From: Ann <ann@münchen.test>'], 'anna@bücher.test').slice(0, 3), [
    'From: =?UTF-8?Q?Ann_via_b=C3=BCcher=2Etest?= <anna@xn--bcher-kva.test>',
    'Reply-To: <ann@xn--mnchen-3ya.test>',
  ]);
});
