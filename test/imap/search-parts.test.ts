import assert from 'node:assert/strict';
import { test } from 'node:test';
import { localEngine } from '../support/local-engine.ts';
import { deliver, MessageSession } from './message-session.ts';

const local = await localEngine();

const withParts = (...headers: readonly string[]): string =>
  `Subject: with parts
Content-Type: multipart/mixed; boundary=b

${headers.map((header) => `--b\n${header}\n\nwords\n`).join('')}--b--
`;

const texts = [
  withParts('Content-Type: text/plain', 'Content-Type: application/pdf; name="Invoice 2026.pdf"'),
  withParts("Content-Type: image/png\nContent-Disposition: attachment;\n filename*=utf-8''Stra%C3%9Fe.png"),
  withParts(
    'Content-Type: image/png\nContent-Disposition: attachment; filename="=?utf-8?q?=C3=9Cbersicht?="',
  ),
  withParts('Content-Type: image/gif\nContent-Description: A view of the\n\tvalley'),
  withParts(`Content-Type: message/rfc822; name=forwarded.eml

Subject: within
Content-Type: multipart/mixed; boundary=c

--c
Content-Type: application/zip; name=archive.zip

zip
--c--`),
  'Subject: alone\nContent-Type: text/plain; name=alone.txt\n\nwords\n',
];

const cases: readonly (readonly [string, readonly number[]])[] = [
  ['BODY "invoice 2026"', [1]],
  ['TEXT "invoice 2026"', [1]],
  ['CHARSET UTF-8 BODY "stra\u00dfe.png"', [2]],
  ['CHARSET UTF-8 TEXT "\u00fcbersicht"', [3]],
  ['BODY "of the valley"', [4]],
  ['BODY forwarded.eml', [5]],
  ['BODY archive.zip', [5]],
  ['NOT BODY archive.zip', [1, 2, 3, 4, 6]],
  ['BODY invoice BODY words', [1]],
  ['OR BODY invoice BODY archive', [1, 5]],
  ['BODY alone.txt', []],
  ['TEXT alone.txt', [6]],
  ['BODY "invoice 2026.pdfimage"', []],
];

for (const [form, prepare] of [
  ['before a snapshot', async () => undefined],
  // The signatures that it stores say nothing of the headers of parts.
  ['after one', (account: Awaited<ReturnType<typeof local.account>>) => account.compact()],
] as const)
  test(`SEARCH finds parts by what their headers say, ${form}`, async () => {
    const account = await local.account();
    await deliver(
      account,
      'INBOX',
      texts.map((text) => ({ text })),
    );
    await prepare(account);
    const once = new MessageSession(account);
    for (const [criteria, numbers] of cases)
      for (const session of [new MessageSession(account), once, once])
        assert.deepEqual(
          await session.lines(`SEARCH ${criteria}`),
          [['* SEARCH', ...numbers].join(' '), `a OK ${numbers.length} found`],
          criteria,
        );
  });
