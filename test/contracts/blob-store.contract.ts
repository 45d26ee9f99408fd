import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { accountPrefix, type BlobKey, newAccountId, objectKey, systemEntropy } from '../../shared/ids.ts';
import type { BlobStore } from '../../shared/ports/blob-store.ts';
import { bytesOf, contentOf, gather } from './bytes.ts';

/** What every BlobStore promises. `make` cleans up by `t.after`. */
export function blobStoreContract(make: (t: TestContext) => Promise<BlobStore>): void {
  describe('BlobStore', () => {
    for (const size of [0, 1, 15_000, 131_072, 131_073, 700_001]) {
      test(`an object of ${size} bytes is read back, whole and by range`, async (t) => {
        const blobs = await make(t);
        const content = patterned(size);
        const ranges = [
          [0, size],
          [0, 1],
          [size - 1, size],
          [Math.floor(size / 3), Math.floor(size / 2)],
          [10, size + 100],
          [size, size + 1],
          [size + 5, size + 9],
          [5, 5],
        ] as const;
        for (const body of [content, streamOf(content, 10_000)]) {
          const key = freshKey();
          assert.equal(await blobs.put(key, body), size);
          const whole = await blobs.get(key);
          assert.equal(whole?.size, size);
          assert.deepEqual(await gather(whole!.body), content);
          for (const [from, end] of ranges) {
            const start = Math.max(from, 0);
            const part = await blobs.get(key, { start, end });
            assert.equal(part?.size, size);
            assert.deepEqual(await gather(part!.body), content.slice(start, end), `${start} to ${end}`);
          }
        }
      });
    }

    test('any division into chunks is the same object', async (t) => {
      const blobs = await make(t);
      const chunks = fc.array(fc.integer({ min: 0, max: 60_000 }), { maxLength: 8 });
      await fc.assert(
        fc.asyncProperty(chunks, async (sizes) => {
          const parts = sizes.map((size, i) => patterned(size, i));
          const key = freshKey();
          await blobs.put(key, each(parts));
          assert.deepEqual(await gather((await blobs.get(key))!.body), bytesOf(Buffer.concat(parts)));
        }),
        { numRuns: 15 },
      );
    });

    test('a producer may use its buffer again', async (t) => {
      const blobs = await make(t);
      const [whole, small, large] = [freshKey(), freshKey(), freshKey()];
      const buffer = bytesOf('first');
      await blobs.put(whole, buffer);
      buffer.fill(0);
      assert.equal(await contentOf(await blobs.get(whole)), 'first');
      await blobs.put(small, reusing(3, 1_000));
      assert.deepEqual(await gather((await blobs.get(small))!.body), expectedReuse(3, 1_000));
      await blobs.put(large, reusing(5, 100_000));
      assert.deepEqual(await gather((await blobs.get(large))!.body), expectedReuse(5, 100_000));
    });

    test('an unknown key has no object', async (t) => {
      const blobs = await make(t);
      assert.equal(await blobs.get(freshKey()), undefined);
      assert.equal(await blobs.get(freshKey(), { start: 0, end: 10 }), undefined);
    });

    for (const size of [10, 500_000]) {
      test(`a body that fails after ${size} bytes stores nothing and passes the error on`, async (t) => {
        const blobs = await make(t);
        const key = freshKey();
        const fault = new Error('the client went away');
        const failing = async function* (): AsyncIterable<Uint8Array> {
          yield* streamOf(patterned(size), 64_000);
          throw fault;
        };
        await assert.rejects(blobs.put(key, failing()), (error) => error === fault);
        assert.equal(await blobs.get(key), undefined);
        assert.deepEqual(await blobs.list(key), []);
      });
    }

    test('a reader may stop in the middle', async (t) => {
      const blobs = await make(t);
      const key = freshKey();
      await blobs.put(key, patterned(700_000));
      const blob = await blobs.get(key);
      if (!(blob!.body instanceof Uint8Array))
        for await (const chunk of blob!.body) if (chunk.byteLength) break;
      assert.equal((await gather((await blobs.get(key))!.body)).byteLength, 700_000);
    });

    test('deleted objects are gone, unknown keys are no error', async (t) => {
      const blobs = await make(t);
      const [small, large, kept] = [freshKey(), freshKey(), freshKey()];
      await blobs.put(small, bytesOf('small'));
      await blobs.put(large, patterned(200_000));
      await blobs.put(kept, bytesOf('kept'));
      await blobs.delete([small, large, freshKey()]);
      await blobs.delete([]);
      assert.equal(await blobs.get(small), undefined);
      assert.equal(await blobs.get(large), undefined);
      assert.equal(await contentOf(await blobs.get(kept)), 'kept');
    });

    test('a list has the keys under a prefix with their sizes, in order', async (t) => {
      const blobs = await make(t);
      const account = newAccountId(systemEntropy);
      const [message, other] = [
        objectKey(account, 'm', systemEntropy),
        objectKey(account, 's', systemEntropy),
      ];
      await blobs.put(other, patterned(200_000));
      await blobs.put(message, bytesOf('four'));
      await blobs.put(freshKey(), bytesOf('elsewhere'));
      const prefix = accountPrefix(account);
      const all = [
        { key: message, size: 4 },
        { key: other, size: 200_000 },
      ];
      assert.deepEqual(plain(await blobs.list(prefix)), all);
      assert.deepEqual(plain(await blobs.list(`${prefix}s/`)), all.slice(1));
      assert.deepEqual(plain(await blobs.list(prefix, message)), all.slice(1));
      assert.deepEqual(plain(await blobs.list(prefix, other)), []);
    });

    test('a long list comes a page at a time, and many objects are deleted at once', async (t) => {
      const blobs = await make(t);
      const { prefix, keys } = await numbered(blobs, 1_050);
      const seen: BlobKey[] = [];
      for (
        let page = await blobs.list(prefix);
        page.length > 0;
        page = await blobs.list(prefix, seen.at(-1))
      ) {
        assert.ok(page.length <= 1_000);
        seen.push(...page.map(({ key }) => key));
      }
      assert.deepEqual(seen, keys);
      await blobs.delete(keys);
      assert.deepEqual(await blobs.list(prefix), []);
    });
  });
}

const freshKey = (): BlobKey => objectKey(newAccountId(systemEntropy), 'm', systemEntropy);

const patterned = (size: number, seed = 0): Uint8Array =>
  Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8) + seed) & 255);

const plain = (page: Awaited<ReturnType<BlobStore['list']>>) => page.map(({ key, size }) => ({ key, size }));

async function* each(parts: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* parts;
}

async function* streamOf(content: Uint8Array, step: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < content.byteLength; at += step) yield content.subarray(at, at + step);
}

/** Chunks that all lie in one buffer, as a socket's may. */
async function* reusing(count: number, size: number): AsyncIterable<Uint8Array> {
  const buffer = new Uint8Array(size);
  for (let i = 1; i <= count; i++) yield buffer.fill(i);
}

const expectedReuse = (count: number, size: number): Uint8Array =>
  Uint8Array.from({ length: count * size }, (_, i) => 1 + Math.floor(i / size));

async function numbered(blobs: BlobStore, count: number): Promise<{ prefix: string; keys: BlobKey[] }> {
  const prefix = `${accountPrefix(newAccountId(systemEntropy))}n/`;
  const keys = Array.from({ length: count }, (_, i) => `${prefix}${String(i).padStart(6, '0')}` as BlobKey);
  for (let at = 0; at < count; at += 100)
    await Promise.all(keys.slice(at, at + 100).map((key) => blobs.put(key, bytesOf('.'))));
  return { prefix, keys };
}
