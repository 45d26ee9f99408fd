import fc from 'fast-check';
import { fixture, fixtureNames } from './fixtures.ts';

const pieces = [
  'From: a@example.org\r\n',
  'Subject: =?utf-8?Q?caf=C3=A9?=\r\n folded\r\n',
  'To: Group: "x, y" <x@example.org>, z;\r\n',
  'Content-Type: multipart/mixed; boundary=a\r\n',
  'Content-Type: multipart/digest; boundary="ab"\r\n',
  'Content-Type: message/rfc822\r\n',
  'Content-Type: text/html; name*0*=utf-8\'\'%e4; name*1="b"\r\n',
  'Content-Transfer-Encoding: base64\r\n',
  '\r\n',
  '\n',
  '\r',
  '--a\r\n',
  '--ab\n',
  '--a--\r\n',
  '--ab--',
  'text without colon\r\n',
  'From nobody Tue Mar  3 09:15:02 2026\r\n',
  '\0\xff\x80',
  'x'.repeat(1100),
];

/** Messages put together from what parsers trip over. */
const assembled = fc
  .array(fc.constantFrom(...pieces), { maxLength: 40 })
  .map((list): Uint8Array => Buffer.from(list.join(''), 'latin1'));

/** Real messages with bytes removed, repeated, replaced and moved. */
const mutated = fc
  .tuple(
    fc.constantFrom(...fixtureNames),
    fc.array(fc.tuple(fc.nat(2000), fc.nat(200), fc.nat(2000), fc.nat(255)), { maxLength: 6 }),
  )
  .map(([name, edits]): Uint8Array => {
    let bytes = fixture(name);
    for (const [at, length, to, byte] of edits) {
      const start = at % (bytes.length + 1);
      const piece = bytes.subarray(start, start + length);
      const rest = Buffer.concat([bytes.subarray(0, start), bytes.subarray(start + length)]);
      const target = to % (rest.length + 1);
      const middle = byte % 3 === 0 ? [piece, Buffer.of(byte), piece] : byte % 3 === 1 ? [piece] : [];
      bytes = Buffer.concat([rest.subarray(0, target), ...middle, rest.subarray(target)]);
    }
    return bytes;
  });

export const messages: fc.Arbitrary<Uint8Array> = fc.oneof(
  mutated,
  assembled,
  fc.uint8Array({ maxLength: 300 }),
);

/** `bytes` cut into chunks at the given places. */
export function cut(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const places = [0, ...at.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, i) => bytes.subarray(places[i], end));
}
