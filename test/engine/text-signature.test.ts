import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { appendMessages } from '../../shared/engine/actions.ts';
import { mayContain, needleHashes, SignatureBuilder } from '../../shared/engine/text-signature.ts';
import { foldText } from '../../shared/message/search-text.ts';
import { memoryEngine, memoryStore, openIn } from '../support/memory-engine.ts';
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

test('a search in 2,000 bodies reads those alone that may have the text; short texts are looked for everywhere', async () => {
  const store = memoryStore();
  const account = await openIn(memoryEngine(store));
  const words = ['alder', 'birch', 'cedar', 'damson', 'elder', 'fir', 'gorse', 'hazel'];
  for (let from = 0; from < 2000; from += 500) {
    const staged = await Promise.all(
      Array.from({ length: 500 }, (_, i) => {
        const n = from + i;
        const text = Array.from({ length: 40 }, (_, k) => words[(n * 7 + k * k) % words.length]).join(' ');
        const special = n % 400 === 3 ? 'the Needle in it' : 'nothing';
        return account.stage(Buffer.from(`Subject: ${n}\r\n\r\n${text}\r\n${special}\r\n`));
      }),
    );
    const requests = staged.map((s) => {
      assert.ok(s.ok);
      return { message: s.value, flags: [], internalDate: 1 };
    });
    assert.ok((await account.commit(appendMessages('INBOX', requests))).ok);
    await account.settle();
    await account.compact();
  }
  const reader = await openIn(memoryEngine(store), account.id);
  const numbers = Array.from({ length: 2000 }, (_, i) => i + 1);
  const { gets } = store.blobs.counts;
  const absent = await reader.absentTexts(numbers, [foldText('needle in'), foldText('birch'), 'xy']);
  assert.ok(store.blobs.counts.gets - gets <= 4);
  const possible = numbers.filter((_, i) => (absent[i]! & 1) === 0);
  for (let n = 3; n < 2000; n += 400) assert.ok(possible.includes(n + 1));
  assert.ok(possible.length <= 25, `${possible.length} candidates for 5 matches`);
  assert.ok(absent.every((bits) => (bits & 4) === 0));
  // What no snapshot has yet may contain anything.
  const staged = await reader.stage(Buffer.from('Subject: young\r\n\r\nnothing\r\n'));
  assert.ok(staged.ok);
  const request = { message: staged.value, flags: [], internalDate: 1 };
  assert.ok((await reader.commit(appendMessages('INBOX', [request]))).ok);
  assert.deepEqual([...(await reader.absentTexts([2001], ['NEEDLE']))], [0]);
});
