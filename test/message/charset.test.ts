import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TextDecoder } from 'node:util';
import fc from 'fast-check';
import { charsetStream, decodeCharset } from '../../shared/message/charset.ts';

const latin = ['iso-8859-1', 'windows-1252', 'latin1', 'cp1252'];
const standard = new TextDecoder('windows-1252');

test('every octet of Windows-1252 is what the Encoding Standard says, by whatever name, with C1 controls among them or not', () => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  const withoutC1 = all.filter((octet) => octet < 0x80 || octet > 0x9f);
  for (const bytes of [all, withoutC1])
    for (const charset of latin) assert.equal(decodeCharset(charset, bytes), standard.decode(bytes));
});

test('pieces of any length are decoded, in every encoding that there is', () =>
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 40 }),
      fc.constantFrom('gb18030', 'gbk', 'euc-jp', 'iso-2022-jp', 'big5', 'shift_jis', 'euc-kr'),
      (pieces, charset) => {
        const stream = charsetStream(charset);
        for (const piece of [Buffer.from('text before it, enough'), ...pieces]) stream.decode(piece);
        stream.end();
      },
    ),
    { numRuns: 1000 },
  ));

test('what one octet lets go of is decoded', () => {
  const stream = charsetStream('gb18030');
  const text = stream.decode(Buffer.from('enough before it \x81\x30\x81', 'latin1'));
  assert.equal(text + stream.decode(Buffer.from('A')) + stream.end(), 'enough before it \ufffd0\u4e04');
});

test('a body in pieces reads as one in one piece', () =>
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 60 }),
      fc.nat(60),
      fc.constantFrom(...latin, 'utf-8', 'shift_jis', 'koi8-r', 'x-unheard-of'),
      (bytes, cut, charset) => {
        const stream = charsetStream(charset);
        const pieces =
          stream.decode(bytes.subarray(0, cut)) + stream.decode(bytes.subarray(cut)) + stream.end();
        const whole = charsetStream(charset);
        assert.equal(pieces, whole.decode(bytes) + whole.end());
      },
    ),
    { numRuns: 500 },
  ));
