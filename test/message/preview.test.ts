import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { htmlToText } from '../../shared/message/html-text.ts';
import { parseMessage } from '../../shared/message/parser.ts';
import { previewSource, previewText } from '../../shared/message/preview.ts';
import { messages } from './arbitraries.ts';
import { fixture } from './fixtures.ts';

function preview(message: Uint8Array): string | undefined {
  const source = previewSource(parseMessage(message).root);
  return source && previewText(source.part, message.subarray(source.range.start, source.range.end));
}

const of = (type: string, body: string): string | undefined =>
  preview(Buffer.from(`Content-Type: ${type}\r\n\r\n${body}`));

for (const [what, found, want] of [
  ['white space', of('text/plain', ' Hi\r\n\r\n  Bob,\t\0all well? '), 'Hi Bob, all well?'],
  ['quoted lines', of('text/plain', '> old\r\n> older\r\nNew.\r\n'), 'New.'],
  ['nothing but quoted lines', of('text/plain', '> old'), '> old'],
  ['a body of Latin-1', of('text/plain; charset=iso-8859-1', 'caf\u00e9'), 'cafÃ©'],
  [
    'HTML',
    of('text/html; charset=utf-8', '<style>p{}</style><p>Hi <b>B</b>ob</p><p>1 &lt; 2 &#8364;</p>'),
    'Hi Bob 1 < 2 €',
  ],
  [
    'filling',
    of('text/html; charset=utf-8', 'Sale!&zwnj;&nbsp;&zwnj;&nbsp;\u034f \u200b More'),
    'Sale! More',
  ],
  ['an alternative', preview(fixture('alternative-with-inline-image')), 'Grüße!'],
  ['a message in Japanese', preview(fixture('encoded-japanese')), 'お知らせ'],
  ['no text', of('image/png', 'x'), undefined],
] as const)
  test(`preview of ${what}`, () => assert.equal(found, want));

test('a preview has at most 200 characters and no half ones', () => {
  assert.equal(of('text/plain', 'x'.repeat(500))!.length, 200);
  assert.equal(of('text/plain; charset=utf-8', `${'x'.repeat(199)}😀`), 'x'.repeat(199));
  const long = of('text/plain; charset=utf-8', `${' '.repeat((16 << 10) - 2)}日本`);
  assert.ok(!long!.includes('\ufffd'));
});

test('every message has a preview of one line, or none', () =>
  fc.assert(
    fc.property(messages, (message) => {
      const text = preview(message) ?? '';
      assert.ok(text.length <= 200);
      assert.doesNotMatch(text, /[\r\n\0]/);
    }),
    { numRuns: 300 },
  ));

test('broken HTML is text too', () => {
  assert.equal(htmlToText('a<b').trim(), 'a');
  assert.equal(htmlToText('1 < 2 &unknown; &#xD800;'), '1 < 2 &unknown; \ufffd');
  assert.equal(htmlToText('a<!-- never ends').trim(), 'a');
  assert.equal(htmlToText('<script>x').trim(), '');
});
