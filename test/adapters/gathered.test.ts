import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gathered } from '../../shared/adapters/aws/gathered.ts';

const share = { set: () => {}, [Symbol.dispose]: () => {} };

/** Octets that tell where they stand, in chunks of some lengths. */
async function* chunksOf(lengths: Iterable<number>): AsyncGenerator<Uint8Array> {
  // One buffer for all of them, as a producer may have it.
  const chunk = new Uint8Array(64 * 1024);
  let at = 0;
  for (const length of lengths) {
    for (let i = 0; i < length; i++) chunk[i] = (at++ * 7) % 251;
    yield chunk.subarray(0, length);
  }
}

const isWhole = (pieces: readonly Uint8Array[], size: number) => {
  const all = Buffer.concat(pieces);
  assert.equal(all.length, size);
  assert.ok(all.every((octet, at) => octet === (at * 7) % 251));
};

test('a body that comes octet by octet is kept in few pieces of memory', async (t) => {
  const made: number[] = [];
  const real = Buffer.concat;
  t.mock.method(Buffer, 'concat', (list: readonly Uint8Array[], size?: number) => {
    made.push(list.length);
    return real(list, size);
  });
  const pieces: Uint8Array[] = [];
  for await (const piece of gathered(chunksOf(new Array<number>(200_000).fill(1)), share)) pieces.push(piece);
  assert.deepEqual(made, [13]);
  isWhole(pieces, 200_000);
});

test('a body in chunks of any length comes out as it is, in parts where it is large', async () => {
  for (const [lengths, parts] of [
    [[0, 1, 16_383, 5, 30_000, 0, 64 * 1024, 3], 1],
    [[...new Array<number>(300).fill(64 * 1024 - 1), 7], 3],
  ] as const) {
    const pieces: Uint8Array[] = [];
    for await (const piece of gathered(chunksOf(lengths), share)) pieces.push(piece);
    assert.equal(pieces.length, parts);
    isWhole(
      pieces,
      lengths.reduce((sum, length) => sum + length, 0),
    );
  }
});
