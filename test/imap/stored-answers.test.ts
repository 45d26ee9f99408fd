import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Account } from '../../shared/engine/account.ts';
import { fieldsAnswer, wantedFields, writeFields } from '../../shared/imap/stored-answers.ts';
import { ResponseWriter } from '../../shared/imap/writer.ts';
import { headerFields } from '../../shared/message/header.ts';
import { fixture, fixtureNames } from '../message/fixtures.ts';
import { localEngine } from '../support/local-engine.ts';
import { generateMessages } from '../support/messages.ts';
import { deliver, MessageSession } from './message-session.ts';

const eightBit = [
  'Subject: grüße\r\nFrom: "Zoë, a" <zoe@example.org>\r\nTo: a@b.example\r\n\r\nx\r\n',
  'From: a@b.example\r\nContent-Type: text/plain; name="überblick.txt"\r\n\r\nx\r\n',
  'From: a@b.example\r\nSubject: a "quoted" \\ subject\r\nDate: never',
].map((text) => Buffer.from(text));

/** With it there is enough for a segment that keeps answers. */
const large = Buffer.from(
  `Subject: large\r\nX-Noise:${randomBytes(360_000).toString('base64').replace(/.{70}/g, '$&\r\n ')}\r\n\r\nx\r\n`,
);

const messages = [large, ...eightBit, ...fixtureNames.map(fixture), ...generateMessages(150, 7)];

/** What the store keeps ready, in every mixture, beside columns. */
const kept = [
  '(ENVELOPE BODYSTRUCTURE)',
  '(BODYSTRUCTURE FLAGS ENVELOPE)',
  '(UID ENVELOPE)',
  'BODYSTRUCTURE',
  '(UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS (From To Cc Bcc Subject Date Message-ID References Content-Type)])',
  '(BODY.PEEK[HEADER.FIELDS (SUBJECT)] ENVELOPE BODY.PEEK[HEADER.FIELDS (date "To" X-PRIORITY)] BODYSTRUCTURE)',
];

/** What needs the record. */
const others = [
  '(ENVELOPE BODY.PEEK[HEADER])',
  'BODY',
  'BODY.PEEK[HEADER.FIELDS (Subject Received)]',
  'BODY.PEEK[HEADER.FIELDS.NOT (Subject)]',
  'BODY.PEEK[HEADER.FIELDS (Subject)]<3.20>',
];

/** The first line that differs says more than all of them. */
function assertSame(lines: readonly string[], wanted: readonly string[], items: string): void {
  for (const [i, line] of wanted.entries()) assert.equal(lines[i], line, items);
}

/** Records must not be read. */
function withoutRecords(account: Account): Account {
  return new Proxy(account, {
    get: (target, name) => {
      if (name === 'records') return () => assert.fail('records are read');
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

for (const text of ['ascii', 'utf8'] as const)
  test(`a settled message is answered as before it was settled, in a session of ${text}`, async () => {
    const local = await localEngine();
    const account = await local.account();
    await deliver(
      account,
      'INBOX',
      messages.map((message) => ({ text: message, internalDate: 760_000_000 })),
    );
    const ask = async (of: Account, items: string): Promise<string[]> => {
      const session = new MessageSession(of);
      session.writer.text = text;
      return session.lines(`FETCH 1:* ${items}`);
    };
    const before: string[][] = [];
    for (const items of [...kept, ...others]) before.push(await ask(account, items));
    await account.compact();
    for (const [i, items] of kept.entries())
      assertSame(await ask(withoutRecords(account), items), before[i]!, items);
    for (const [i, items] of others.entries())
      assertSame(await ask(account, items), before[kept.length + i]!, items);
    // Some settled, some not.
    await deliver(account, 'INBOX', [{ text: 'Subject: young\n\nx\n', internalDate: 760_000_000 }]);
    for (const [i, items] of kept.entries()) {
      const lines = await ask(account, items);
      assertSame(lines, before[i]!.slice(0, -1), items);
      assert.ok(lines.length > before[i]!.length);
    }
  });

const names = ['Subject', 'FROM', 'to', 'Date', 'References', 'Received', 'X-Other', 'content-type'];
const line = fc
  .tuple(
    fc.constantFrom(...names, 'no field', ' folded'),
    fc.constantFrom(':', ' :', ''),
    fc.constantFrom('', ' a', ' b\r\n\tc', '\u00fc'),
    fc.constantFrom('\r\n', '\n'),
  )
  .map((parts) => parts.join(''));
const headers = fc
  .tuple(fc.array(line, { maxLength: 12 }), fc.constantFrom('\r\n', '\n', '', 'Subject: cut', 'To'))
  .map(([lines, end]) => Buffer.from(lines.join('') + end, 'latin1'));

test('fields of a header are the same from what is kept as from the header', () =>
  fc.assert(
    fc.property(headers, fc.subarray(['subject', 'From', 'TO', 'date', 'references']), (header, asked) => {
      const w = new ResponseWriter();
      writeFields(w, Buffer.from(fieldsAnswer(header)), 0, Buffer.from('name {'), wantedFields(asked)!);
      const octets = headerFields(header, asked, 'only');
      assert.equal(
        Buffer.from(w.take()).toString('latin1'),
        ` name {${octets.length}}\r\n${Buffer.from(octets).toString('latin1')}`,
      );
    }),
    { numRuns: 2000 },
  ));

test('fields that are not kept are left to the header', () => {
  assert.equal(wantedFields(['Subject', 'Received']), undefined);
  assert.notEqual(wantedFields(['SUBJECT', 'x-priority']), undefined);
  assert.notEqual(wantedFields([]), undefined);
});
