import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isManifestKey } from '../../shared/engine/snapshot-objects.ts';
import type { BlobStore } from '../../shared/ports/blob-store.ts';
import type { Leases } from '../../shared/ports/leases.ts';
import { deliver } from '../support/mail.ts';
import { memoryEngine, memoryStore, openIn } from '../support/memory-engine.ts';
import { testClock } from '../support/test-clock.ts';

/** An account to be folded by a process whose store takes so many seconds for each object, and one beside it that is quick. */
async function ground(seconds: number, renew?: Leases['renew']) {
  const clock = testClock();
  const store = memoryStore(() => clock.now());
  const quick = await openIn(memoryEngine(store, { entropy: clock }));
  await deliver(quick, 1);
  const counts = { puts: 0, renewals: 0 };
  const beforeManifest = { run: async (): Promise<void> => undefined };
  const slow: BlobStore = {
    get: (key, range) => store.blobs.get(key, range),
    list: (prefix, after) => store.blobs.list(prefix, after),
    delete: (keys) => store.blobs.delete(keys),
    put: async (key, body) => {
      if (isManifestKey(key)) await beforeManifest.run();
      clock.advance(seconds * 1000);
      counts.puts++;
      return store.blobs.put(key, body);
    },
  };
  const leases: Leases = {
    acquire: (name, holder, ttl) => store.leases.acquire(name, holder, ttl),
    release: (lease) => store.leases.release(lease),
    renew: async (lease, ttl) => {
      counts.renewals++;
      return renew === undefined ? store.leases.renew(lease, ttl) : renew(lease, ttl);
    },
  };
  const folding = await openIn(memoryEngine(store, { entropy: clock, blobs: slow, leases }), quick.id);
  return { store, quick, folding, counts, beforeManifest };
}

suite("a compaction's lease", () => {
  test('is held by a fold that takes longer than it lasts: nobody does the same again beside it', async () => {
    const { store, quick, folding, counts, beforeManifest } = await ground(90);
    beforeManifest.run = () => quick.compact();
    await folding.compact();
    // Headers, signatures of texts, the index and the manifest, a minute and a half each.
    assert.equal(counts.puts, 4);
    assert.equal(store.log.counts.headMoves, 1);
    assert.equal(folding.snapshot?.state.position, folding.state.position);
  });

  test('is renewed when a third of its time has passed, and not more often', async () => {
    for (const [seconds, renewals] of [
      [1, 0],
      [39, 2],
      [41, 4],
    ] as const) {
      const { folding, counts } = await ground(seconds);
      await folding.compact();
      assert.deepEqual([counts.puts, counts.renewals], [4, renewals], `${seconds} seconds`);
    }
  });

  test('may be lost, or not be renewed: the fold goes on', async () => {
    const unreachable = async (): Promise<boolean> => {
      throw new Error('no answer');
    };
    for (const renew of [async () => false, unreachable]) {
      const { store, folding, counts } = await ground(90, renew);
      await folding.compact();
      assert.equal(counts.renewals, 4);
      assert.equal(store.log.counts.headMoves, 1);
    }
  });
});
