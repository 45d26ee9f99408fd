import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Leases } from '../../shared/ports/leases.ts';

export interface LeasesGround {
  readonly leases: Leases;
  /** The same leases seen by another process. */
  readonly other: Leases;
  /** Lets time go by for the leases: a set clock, or real waiting where that is not possible. */
  pass(ms: number): Promise<void>;
}

/** What every Leases promises. `make` cleans up by `t.after`. */
export function leasesContract(make: (t: TestContext) => Promise<LeasesGround>): void {
  describe('Leases', () => {
    test('a lease is held against others until it is released', async (t) => {
      const { leases, other } = await make(t);
      const lease = await leases.acquire('maildrop', 'one', 60_000);
      assert.deepEqual(lease, { name: 'maildrop', holder: 'one' });
      assert.equal(await other.acquire('maildrop', 'two', 60_000), undefined);
      assert.equal(await leases.acquire('maildrop', 'two', 60_000), undefined);
      assert.ok(await other.acquire('another', 'two', 60_000));
      await leases.release(lease!);
      assert.ok(await other.acquire('maildrop', 'two', 60_000));
    });

    test('the same holder may acquire again', async (t) => {
      const { leases, pass } = await make(t);
      await leases.acquire('maildrop', 'one', 1_000);
      assert.ok(await leases.acquire('maildrop', 'one', 60_000));
      await pass(1_500);
      assert.equal(await leases.acquire('maildrop', 'two', 1_000), undefined);
    });

    test('an expired lease is taken over, and is no longer the first holder’s', async (t) => {
      const { leases, other, pass } = await make(t);
      const lease = await leases.acquire('maildrop', 'one', 1_000);
      await pass(1_500);
      assert.ok(await other.acquire('maildrop', 'two', 60_000));
      assert.equal(await leases.renew(lease!, 60_000), false);
      await leases.release(lease!);
      assert.equal(
        await leases.acquire('maildrop', 'three', 1_000),
        undefined,
        'released what was not its own',
      );
    });

    test('a renewed lease lives on', async (t) => {
      const { leases, other, pass } = await make(t);
      const lease = await leases.acquire('maildrop', 'one', 1_000);
      assert.equal(await leases.renew(lease!, 60_000), true);
      await pass(1_500);
      assert.equal(await other.acquire('maildrop', 'two', 1_000), undefined);
      assert.equal(await leases.renew(lease!, 1_000), true);
    });

    test('an expired or released lease is not renewed', async (t) => {
      const { leases, pass } = await make(t);
      const lease = await leases.acquire('maildrop', 'one', 1_000);
      await pass(1_500);
      assert.equal(await leases.renew(lease!, 1_000), false);
      await leases.acquire('maildrop', 'one', 60_000);
      await leases.release(lease!);
      assert.equal(await leases.renew(lease!, 1_000), false);
      await leases.release(lease!);
    });

    test('of many who acquire at once one does', async (t) => {
      const { leases, other } = await make(t);
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          (i % 2 ? leases : other).acquire('maildrop', `holder ${i}`, 60_000),
        ),
      );
      assert.equal(outcomes.filter((lease) => lease !== undefined).length, 1);
    });
  });
}
