import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ValkeyConnection } from '../../shared/adapters/aws/valkey.ts';
import { ValkeyLeases } from '../../shared/adapters/aws/valkey-leases.ts';
import { MemoryLeases } from '../support/memory-store.ts';

/** Valkey as the scripts see it, which may be away. */
function valkey() {
  const held = new Map<string, string>();
  const state = { away: false };
  const client = {
    status: 'ready',
    async eval(script: string, _keys: number, key: string, holder: string): Promise<number> {
      if (state.away) throw new Error('the connection is closed');
      if (script.includes("'SET'")) {
        if ((held.get(key) ?? holder) !== holder) return 0;
        held.set(key, holder);
        return 1;
      }
      if (held.get(key) !== holder) return 0;
      if (script.includes("'DEL'")) held.delete(key);
      return 1;
    },
  };
  return { held, state, connection: { current: client } as unknown as ValkeyConnection };
}

test('a lease that was taken while Valkey was away is held in it as soon as it is back', async () => {
  const { held, state, connection } = valkey();
  const table = new MemoryLeases();
  const leases = new ValkeyLeases(connection, table);
  state.away = true;
  const lease = await leases.acquire('maildrop', 'one', 60_000);
  assert.ok(lease);
  state.away = false;
  assert.equal(await leases.renew(lease, 60_000), true);
  assert.equal(await leases.acquire('maildrop', 'two', 60_000), undefined);
  await leases.release(lease);
  assert.equal(held.size, 0);
  state.away = true;
  assert.ok(await leases.acquire('maildrop', 'two', 60_000), 'the table keeps nothing of it either');
});

test('a lease that somebody else has in Valkey is not renewed for being in the table', async () => {
  const { state, connection } = valkey();
  const leases = new ValkeyLeases(connection, new MemoryLeases());
  state.away = true;
  const lease = await leases.acquire('maildrop', 'one', 60_000);
  state.away = false;
  assert.ok(await leases.acquire('maildrop', 'two', 60_000));
  assert.equal(await leases.renew(lease!, 60_000), false);
});

test('while Valkey is there, the table is not asked', async () => {
  const table = new MemoryLeases();
  const leases = new ValkeyLeases(valkey().connection, table);
  const lease = await leases.acquire('maildrop', 'one', 60_000);
  assert.equal(await leases.renew(lease!, 60_000), true);
  await leases.release(lease!);
  assert.equal(table.counts.writes, 0);
});
