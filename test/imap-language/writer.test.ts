import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ArgReader } from '../../shared/imap/arg-reader.ts';
import { type ResponseText, ResponseWriter, recycle } from '../../shared/imap/writer.ts';
import { encodeWords } from '../../shared/message/encode-words.ts';

function written(write: (w: ResponseWriter) => void, text: ResponseText = 'ascii'): string {
  const w = new ResponseWriter(text);
  write(w);
  return Buffer.from(w.take()).toString();
}
const reader = (text: string) => new ArgReader(Buffer.from(text), 'modifiedUtf7');

test('numbers are written digit for digit', () =>
  fc.assert(
    fc.property(
      fc.oneof(
        fc.maxSafeNat(),
        fc.nat(),
        fc.integer({ min: 0, max: 15 }).map((e) => 10 ** e),
        fc.integer({ min: 1, max: 15 }).map((e) => 10 ** e - 1),
      ),
      (n) =>
        assert.equal(
          written((w) => w.number(n)),
          String(n),
        ),
    ),
    { numRuns: 1000 },
  ));

for (const [text, ascii, utf8] of [
  ['', '""', '""'],
  ['a b', '"a b"', '"a b"'],
  ['q"\\', '"q\\"\\\\"', '"q\\"\\\\"'],
  ['ü"', '{3}\r\nü"', '"ü\\""'],
  ['a\nb', '{3}\r\na\nb', '{3}\r\na\nb'],
  ['a\0', '{2}\r\na?', '{2}\r\na?'],
] as const)
  test(`string ${JSON.stringify(text)}`, () => {
    assert.equal(
      written((w) => w.string(text)),
      ascii,
    );
    assert.equal(
      written((w) => w.string(text), 'utf8'),
      utf8,
    );
  });

test('any string is read back by the other side', () =>
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('ascii' as const, 'utf8' as const),
      (text, session) => {
        const sent = written((w) => w.string(text), session);
        assert.equal(Buffer.from(reader(sent).string()).toString(), text.replaceAll('\0', '?'));
      },
    ),
  ));

test('any mailbox name is read back by the other side', () =>
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const name = text.normalize('NFC');
      const sent = written((w) => w.mailbox(name));
      assert.equal(reader(sent).pattern(), name);
    }),
  ));

test('astring takes no atom for NIL', () => {
  assert.equal(
    written((w) => w.astring('nil')),
    '"nil"',
  );
  assert.equal(
    written((w) => w.astring('abc')),
    'abc',
  );
  assert.equal(
    written((w) => w.astring('a]')),
    '"a]"',
  );
  assert.equal(
    written((w) => w.nstring(undefined)),
    'NIL',
  );
});

test('list items are parted whatever their last octet', () => {
  assert.equal(
    written((w) => w.list(['a\n(', 'b'], (item) => w.string(item))),
    '({3}\r\na\n( "b")',
  );
});

test('a list goes on after what it has was taken', () => {
  const w = new ResponseWriter();
  w.open();
  const before = Buffer.from(w.take()).toString();
  w.gap();
  w.ascii('a');
  const first = Buffer.from(w.take()).toString();
  w.gap();
  w.ascii('b');
  assert.deepEqual([before, first, Buffer.from(w.take()).toString()], ['(', 'a', ' b']);
});

test('octets taken stay as they are when the writer goes on', () => {
  const w = new ResponseWriter();
  w.ascii('first');
  const taken = w.take();
  w.ascii('second one');
  assert.equal(Buffer.from(taken).toString(), 'first');
  assert.equal(w.take().length, 10);
  assert.equal(w.take().length, 0);
});

test('a writer holds whatever is written before it is taken', () => {
  const w = new ResponseWriter();
  const piece = 'x'.repeat(100_000);
  for (let i = 0; i < 50; i++) w.ascii(piece);
  assert.equal(w.length, 5_000_000);
  assert.equal(w.take().length, 5_000_000);
});

/** Decodes RFC 2047 words and joins neighbours, as a client does. */
function decodeWords(text: string): string {
  return text
    .replace(/(\?=)[ ]+(?==\?UTF-8\?)/g, '$1')
    .replace(/=\?UTF-8\?([QB])\?([^?]*)\?=/g, (_, encoding: string, body: string) =>
      encoding === 'B'
        ? Buffer.from(body, 'base64').toString()
        : Buffer.from(
            body
              .replaceAll('_', ' ')
              .replace(/=([0-9A-F]{2})/g, (_m, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
            'latin1',
          ).toString(),
    );
}
for (const [text, encoded] of [
  ['plain', 'plain'],
  ['Jürgen Müller', '=?UTF-8?B?SsO8cmdlbiBNw7xsbGVy?='],
  ['Jürgen at home in Bonn, on his own é', '=?UTF-8?Q?J=C3=BCrgen_at_home_in_Bonn=2C_on_his_own_=C3=A9?='],
  ['Re: Grüße aus Bonn', 'Re: =?UTF-8?B?R3LDvMOfZQ==?= aus Bonn'],
  ['日本語', '=?UTF-8?B?5pel5pys6Kqe?='],
] as const)
  test(`encoded words of ${text}`, () => assert.equal(encodeWords(text), encoded));
test('a word as long as a header field may be is found the end of at once', () => {
  const long = 'a'.repeat(1 << 20);
  assert.ok(encodeWords(`${long} b é`).startsWith(`${long} b =?UTF-8?`));
  assert.ok(encodeWords(`é${long} b é`).endsWith('?='));
  assert.equal(encodeWords(`x é ${long} ${long}`), `x =?UTF-8?B?w6k=?= ${long} ${long}`);
});
test('encoded words are short, ASCII, and give the text back', () =>
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('a', 'b', ' ', 'ü', '日', '\u{1f600}', '?'), { maxLength: 120, size: 'max' }),
      (all) => {
        const text = all.join('').replace(/=\?/g, '').replace(/\?=/g, '');
        const encoded = encodeWords(text);
        assert.match(encoded, /^[ -~]*$/);
        for (const word of encoded.split(' ')) if (word.startsWith('=?')) assert.ok(word.length <= 75, word);
        assert.equal(decodeWords(encoded), text);
      },
    ),
  ));

test('the buffer of a long answer is used again, once it was given back, and never before', () => {
  const fill = (w: ResponseWriter): Uint8Array => {
    for (let i = 0; i < 40_000; i++) w.ascii('x');
    return w.take();
  };
  const writer = new ResponseWriter();
  // The first few are smaller: a writer does not know yet how much it will be given.
  for (let i = 0; i < 12; i++) fill(writer);
  const sent = fill(writer);
  const meanwhile = fill(writer);
  assert.notEqual(meanwhile.buffer, sent.buffer);
  recycle(sent);
  assert.equal(fill(writer).buffer, sent.buffer);
  assert.notEqual(fill(writer).buffer, sent.buffer, 'given to two');
});
