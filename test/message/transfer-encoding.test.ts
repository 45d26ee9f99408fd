import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeTransfer, transferDecoder } from '../../shared/message/transfer-encoding.ts';
import { cut } from './arbitraries.ts';

function decode(encoding: string, chunks: readonly Uint8Array[]): Buffer {
  const decoder = transferDecoder(encoding);
  assert.ok(decoder.ok);
  // copies: a decoder may hand back the chunk itself
  const pieces = chunks.map((chunk) => Buffer.from(decoder.value.push(chunk)));
  return Buffer.concat([...pieces, decoder.value.end()]);
}

const text = (encoding: string, source: string): string =>
  decode(encoding, [Buffer.from(source, 'latin1')]).toString('latin1');

for (const [source, want] of [
  ['a=3Db', 'a=b'],
  ['a=3db', 'a=b'],
  ['soft =\r\nbreak=\nhere', 'soft breakhere'],
  ['soft = \t\r\nbreak', 'soft break'],
  ['trailing \t\r\nspace \n', 'trailing\r\nspace\n'],
  ['kept  inside', 'kept  inside'],
  ['a=b', 'a=b'],
  ['a=4', 'a=4'],
  ['=', ''],
  ['end ', 'end'],
  ['=C3=A4=', '\xc3\xa4'],
  [`a${' '.repeat(1500)}\r\nb`, `a${' '.repeat(1500)}\r\nb`],
] as const)
  test(`quoted-printable ${JSON.stringify(source.slice(0, 40))}`, () =>
    assert.equal(text('Quoted-Printable', source), want));

for (const [source, want] of [
  ['aGVsbG8=', 'hello'],
  ['aGVs\r\nbG8=\r\n', 'hello'],
  ['aGVsbG8', 'hello'],
  ['aGVsbG8=aGVsbG8=', 'hellohello'],
  ['a*G!VsbG8', 'hello'],
  ['', ''],
  ['=', ''],
] as const)
  test(`base64 ${JSON.stringify(source)}`, () => assert.equal(text('BASE64', source), want));

test('an encoding nobody knows is an error value', () => {
  assert.deepEqual(transferDecoder('x-uuencode'), {
    ok: false,
    error: { kind: 'unknownEncoding', encoding: 'x-uuencode' },
  });
});

test('base64 gives back what was encoded', () =>
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.array(fc.nat()), (bytes, places) => {
      const lines = Buffer.from(bytes).toString('base64').replace(/.{76}/g, '$&\r\n');
      assert.deepEqual(decode('base64', cut(Buffer.from(lines), places)), Buffer.from(bytes));
    }),
  ));

test('chunks make no difference to quoted-printable', () =>
  fc.assert(
    fc.property(
      fc.array(
        fc.constantFrom(
          '=',
          'A',
          '4',
          ' ',
          '\t',
          '\r',
          '\n',
          '\r\n',
          'z',
          '=\r\n',
          ' '.repeat(999),
          ' '.repeat(1001),
        ),
      ),
      fc.array(fc.nat()),
      (pieces, places) => {
        const source = Buffer.from(pieces.join(''));
        const whole = decode('quoted-printable', [source]);
        assert.deepEqual(decode('quoted-printable', cut(source, places)), whole);
        assert.ok(whole.length <= source.length);
      },
    ),
    { numRuns: 1000 },
  ));

test('a body is decoded at the pace of its reader', async () => {
  async function* source(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('aGV');
    yield Buffer.from('sbG8=');
  }
  const decoded = decodeTransfer('base64', source());
  assert.ok(decoded.ok);
  const pieces: Buffer[] = [];
  for await (const piece of decoded.value) pieces.push(Buffer.from(piece));
  assert.equal(Buffer.concat(pieces).toString(), 'hello');
});
