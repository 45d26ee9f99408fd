import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseMessage } from '../../shared/message/parser.ts';
import {
  bodyContains,
  bodyText,
  containsText,
  foldText,
  headerContains,
  messageContains,
  TextMatcher,
} from '../../shared/message/search-text.ts';
import { cut, messages } from './arbitraries.ts';
import { fixture } from './fixtures.ts';

for (const [text, needle, want] of [
  ['Hello World', 'lo wo', true],
  ['GRÜSSE', 'grüße', true],
  ['Straße', 'STRASSE', true],
  ['ΟΔΟΣ', 'οδος', true],
  ['caf\u00e9', 'cafe\u0301', true],
  ['ｆｕｌｌ width', 'FULL', true],
  ['ПРИВЕТ', 'привет', true],
  ['abc', 'abd', false],
] as const)
  test(`${needle} is ${want ? '' : 'not '}in ${text}`, () =>
    assert.equal(foldText(text).includes(foldText(needle)), want));

test('a letter with a hundred thousand marks is folded at once, and with some as it always was', () => {
  const marks = '\u0301'.repeat(100_000) + '\u0323'.repeat(100_000);
  assert.equal(foldText(`e${marks}x`), foldText(`e${'\u0301'.repeat(64)}x`));
  assert.equal(foldText('e\u0301\u0323'), 'E\u0323\u0301');
});

test('folding twice is folding once', () =>
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) =>
      assert.equal(foldText(foldText(text)), foldText(text)),
    ),
  ));

test('the matcher agrees with a plain search, however the text is cut', () =>
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 40 }),
      fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 6 }),
      fc.array(fc.nat()),
      (text, needle, places) => {
        const matcher = new TextMatcher(needle);
        for (const piece of cut(Buffer.from(text), places)) matcher.push(Buffer.from(piece).toString());
        assert.equal(matcher.found, text.includes(needle));
      },
    ),
    { numRuns: 2000 },
  ));

test('headers are searched decoded, by name in any case', () => {
  const { header } = parseMessage(fixture('alternative-with-inline-image'));
  assert.ok(headerContains(header, 'SUBJECT', 'grüsse FROM the alp'));
  assert.ok(headerContains(header, 'to', 'carol'));
  assert.ok(headerContains(header, 'Cc', ''));
  assert.ok(!headerContains(header, 'bcc', ''));
  assert.ok(!headerContains(header, 'subject', 'alice'));
});

async function collect(message: Uint8Array, chunks?: readonly Uint8Array[]): Promise<string> {
  async function* source(): AsyncGenerator<Uint8Array> {
    yield* chunks ?? [];
  }
  let text = '';
  for await (const piece of bodyText(parseMessage(message), chunks ? source() : message)) text += piece;
  return text;
}

test('bodies are searched decoded, attachments are not', async () => {
  const text = await collect(fixture('alternative-with-inline-image'));
  assert.equal(text, foldText('Grüße!\0<p>Grüße! <img src="cid:alps@example.org"></p>\0'));
  assert.equal(await collect(fixture('encoded-japanese')), foldText('お知らせ\r\n\0'));
});

test('the headers of messages within the message belong to its body', async () => {
  const message = fixture('forwarded-message');
  assert.ok(await bodyContains(parseMessage(message), message, 'sales@EXAMPLE.com'));
  assert.ok(await bodyContains(parseMessage(message), message, 'our offer is'));
  assert.ok(!(await bodyContains(parseMessage(message), message, 'assistant')));
});

test('TEXT opens the body only where the header does not decide', async () => {
  const message = fixture('plain');
  const record = parseMessage(message);
  let opened = 0;
  const open = async (): Promise<Uint8Array> => {
    opened++;
    return message;
  };
  assert.ok(await messageContains(record, open, 'minutes of'));
  assert.equal(opened, 0);
  assert.ok(await messageContains(record, open, 'IN THE WIKI'));
  assert.ok(!(await messageContains(record, open, 'nowhere')));
  assert.equal(opened, 2);
});

test('a needle is not found across two parts', async () => {
  assert.ok(await containsText(['abc', 'def'], 'CD'.toLowerCase()));
  const message = Buffer.from('Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo\n--b--\n');
  assert.ok(!(await bodyContains(parseMessage(message), message, 'onetwo')));
  assert.ok(await bodyContains(parseMessage(message), message, 'two'));
});

test('chunks make no difference to a body text', () =>
  fc.assert(
    fc.asyncProperty(messages, fc.array(fc.nat(), { maxLength: 20 }), async (message, places) => {
      assert.equal(await collect(message, cut(message, places)), await collect(message));
    }),
    { numRuns: 200 },
  ));
