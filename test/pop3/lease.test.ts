import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMaildrop } from '../../services/pop3/open-maildrop.ts';
import type { AccountRecord } from '../../shared/ports/directory.ts';
import { FakeTimers } from '../support/fake-timers.ts';
import { memoryEngine, memoryStore, openIn } from '../support/memory-engine.ts';

test('a maildrop whose lease lapsed is locked again, unless somebody else has locked it meanwhile', async (t) => {
  const timers = FakeTimers.install(t);
  let now = Date.now();
  const store = memoryStore(() => now);
  const engine = memoryEngine(store);
  const { id } = await openIn(engine);
  const parts = { engine, leases: store.leases };
  const record = { id } as AccountRecord;
  const opened = await openMaildrop(parts, record);
  assert.ok(opened.ok);
  // The machine stood still for an hour.
  now += 3_600_000;
  await timers.pass(40_000);
  const another = await openMaildrop(parts, record);
  assert.ok(!another.ok && another.error.kind === 'inUse');
  now += 3_600_000;
  const [name, holder] = [`pop3/${id}`, 'another'];
  assert.ok(await store.leases.acquire(name, holder, 60_000));
  await timers.pass(40_000);
  assert.ok(await store.leases.renew({ name, holder }, 60_000));
  await opened.value.release();
  assert.ok(await store.leases.renew({ name, holder }, 60_000));
});
