import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mayContain, needleHashes, SignatureBuilder } from '../../shared/engine/text-signature.ts';
import { SeededRandom } from '../support/seeded-random.ts';

const builder = new SignatureBuilder();
function signatureOf(...pieces: string[]): Uint8Array {
  for (const piece of pieces) builder.push(piece);
  return builder.take();
}

test('a text is never said to lack what it contains, however it comes in pieces', () =>
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom(...'abcdé ß\0x1') }), { maxLength: 8 }),
      fc.nat(),
      fc.nat(12),
      (pieces, at, length) => {
        const text = pieces.join('');
        const from = at % (text.length + 1);
        const needle = text.slice(from, from + length);
        assert.ok(mayContain(signatureOf(...pieces), needleHashes(needle)));
      },
    ),
  ));

test('a text of a page rules out almost every word that it does not have', () => {
  const random = new SeededRandom(5);
  const word = () => String.fromCharCode(...Array.from({ length: 8 }, () => random.integer(97, 122)));
  const signature = signatureOf(Array.from({ length: 300 }, word).join(' '));
  assert.ok(signature.length < 1500, `${signature.length} bytes`);
  let claimed = 0;
  for (let n = 0; n < 1000; n++) if (mayContain(signature, needleHashes(word()))) claimed++;
  assert.ok(claimed < 60, `${claimed} of 1,000 words`);
});
