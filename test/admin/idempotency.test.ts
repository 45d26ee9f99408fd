import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prepare } from './cases.ts';
import { adminGround } from './ground.ts';

test('of requests with one Idempotency-Key at the same time, one is made', async (t) => {
  const { ask, key } = await adminGround(t);
  const root = await key();
  const replies = await Promise.all(
    Array.from({ length: 6 }, () =>
      ask('POST', '/v1/keys', root, { name: 'one', scopes: ['audit:read'] }, { 'idempotency-key': 'k' }),
    ),
  );
  assert.ok(replies.every(({ status }) => status === 201 || status === 409));
  assert.ok(replies.some(({ status }) => status === 201));
  const { body } = await ask('GET', '/v1/keys', root);
  assert.equal(body.items.filter(({ name }: { name: string }) => name === 'one').length, 1);
});

test('what an Idempotency-Key keeps cannot be read without the API key', async (t) => {
  const ground = await adminGround(t);
  await prepare(ground);
  const root = await ground.key();
  const path = '/v1/accounts/anna@acme.test/password';
  const { body } = await ground.ask('POST', path, root, {}, { 'idempotency-key': 'pw' });
  const { items } = await ground.data.store.adminRecords.records('answer', 10);
  assert.equal(items.length, 1);
  assert.ok(!items[0]!.text.includes(body.password));
  ground.clock.advance(25 * 3600_000);
  const again = await ground.ask('POST', path, root, {}, { 'idempotency-key': 'pw' });
  assert.equal(again.headers.get('idempotent-replayed'), null);
});

test('what an Idempotency-Key keeps of a request cannot be compared with a guess without the API key', async (t) => {
  const ground = await adminGround(t);
  await prepare(ground);
  const path = '/v1/accounts/anna@acme.test/password';
  const guess = { password: 'hunter2 hunter2' };
  for (const token of [await ground.key(), await ground.key()])
    assert.equal((await ground.ask('POST', path, token, guess, { 'idempotency-key': 'pw' })).status, 200);
  const { items } = await ground.data.store.adminRecords.records('answer', 10);
  const digests = new Set(items.map(({ text }) => JSON.parse(text).digest));
  assert.equal(digests.size, 2, 'the same request is another one with each secret');
});
