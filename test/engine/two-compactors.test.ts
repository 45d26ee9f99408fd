import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isManifestKey } from '../../shared/engine/snapshot-objects.ts';
import { accountPrefix } from '../../shared/ids.ts';
import type { BlobStore } from '../../shared/ports/blob-store.ts';
import { localEngine } from '../support/local-engine.ts';
import { assertReadable, deliver, keysUnder } from '../support/mail.ts';
import { MemoryLeases } from '../support/memory-store.ts';
import { digest } from './random-operations.ts';

test('two compactors at once do no harm', async () => {
  const { store } = await localEngine();
  const { log } = store;
  let together = meeting(2);
  const blobs: BlobStore = {
    get: (key, range) => store.blobs.get(key, range),
    list: (prefix, after) => store.blobs.list(prefix, after),
    delete: (keys) => store.blobs.delete(keys),
    put: async (key, body) => {
      if (isManifestKey(key)) await together.arrive();
      return store.blobs.put(key, body);
    },
  };
  // Each believes to hold the lease.
  const anotherProcess = () => localEngine({ log, blobs, leases: new MemoryLeases() });
  const a = await (await anotherProcess()).account();
  const b = await (await anotherProcess()).account(a.id);
  const manifests = () => keysUnder(store.blobs, `${accountPrefix(a.id)}x/`);
  const foldTogether = async () => {
    await Promise.all([a.catchUp(), b.catchUp()]);
    const truth = digest(await a.whole());
    const before = (await manifests()).length;
    together = meeting(2);
    await Promise.all([a, b].map((account) => account.compact().finally(together.end)));
    assert.equal((await manifests()).length, before + 2);
    const fresh = await (await localEngine({ log, blobs: store.blobs })).account(a.id);
    assert.equal(fresh.snapshot?.state.position, a.state.position);
    for (const account of [a, b, fresh]) {
      assert.equal(digest(await account.whole()), truth);
      await assertReadable(account, store.blobs);
    }
  };
  for (let n = 0; n < 10; n++) await deliver(a, n);
  await foldTogether();
  await deliver(b, 10);
  await foldTogether();
  assert.equal((await a.records([11]))[0]!.envelope.subject, 'message 10');
});

/** Where so many wait for each other; none waits any more once it has ended. */
function meeting(size: number) {
  const { promise, resolve: end } = Promise.withResolvers<void>();
  let here = 0;
  const arrive = (): Promise<void> => {
    if (++here === size) end();
    return promise;
  };
  return { arrive, end };
}
