import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { htmlToText } from '../../shared/message/html-text.ts';
import { parseMessage } from '../../shared/message/parser.ts';
import { previewOf, previewSource, previewText } from '../../shared/message/preview.ts';
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
  [
    'a run of joiners',
    of('text/plain; charset=utf-8', `${' '.repeat(4096)}x${'\u200c'.repeat(20_000)}`),
    `x${'\u200c'.repeat(199)}`,
  ],
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

test('what the beginning of a message tells is what all of it does', () =>
  fc.assert(
    fc.property(messages, fc.nat(400), (message, cut) => {
      const { root } = parseMessage(message);
      const whole = previewOf(root, message);
      if (whole !== undefined) assert.equal(whole, preview(message) ?? '');
      const some = previewOf(root, message.subarray(0, message.length - cut));
      if (some !== undefined) assert.equal(some, whole);
    }),
    { numRuns: 300 },
  ));

const many = (text: string) => Array.from({ length: 200 }, (_, i) => `${text} ${i}`);
for (const [what, type, body] of [
  ['plain text', 'text/plain; charset=utf-8', many('Grüße aus Zürich').join('\r\n')],
  ['quoted text and then none', 'text/plain', `${many('> as you said').join('\r\n')}\r\nNo.`],
  ['HTML', 'text/html; charset=utf-8', many('<p class="a">Hi <b>all</b> of you &amp; me</p>').join('\r\n')],
  ['HTML with much style', 'text/html', `<style>${many('.x{color:red}').join('\n')}</style><p>Hi`],
  [
    'base64',
    'text/plain\r\nContent-Transfer-Encoding: base64',
    Buffer.from('x y z '.repeat(999)).toString('base64'),
  ],
] as const)
  test(`a piece of long ${what} is enough, and shows the same`, () => {
    const message = Buffer.from(`Content-Type: ${type}\r\n\r\n${body}`);
    const { preview: found, root } = parseMessage(message);
    assert.equal(found, preview(message));
    if (what === 'plain text' || what === 'HTML')
      assert.equal(previewOf(root, message.subarray(0, 3000)), found);
  });

test('of a message whose text comes late nothing is known without reading it', () => {
  const attachment = `--b\r\nContent-Type: image/png\r\n\r\n${'x'.repeat(40_000)}\r\n`;
  const message = `Content-Type: multipart/mixed; boundary=b\r\n\r\n${attachment}--b\r\n\r\nText.\r\n--b--\r\n`;
  const record = parseMessage(Buffer.from(message));
  assert.equal(record.preview, undefined);
  assert.equal(preview(Buffer.from(message)), 'Text.');
});
