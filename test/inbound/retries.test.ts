import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RetryMemory } from '../../services/inbound/retries.ts';
import { day } from '../support/test-clock.ts';

test('an attempt that failed is remembered for five days: the same octets after that are another message', () => {
  let now = 0;
  const retries = new RetryMemory(() => now);
  retries.failed('message', 'id');
  now = 5 * day - 1;
  assert.equal(retries.idFor('message'), 'id');
  assert.ok(retries.has('message'));
  now = 5 * day;
  assert.notEqual(retries.idFor('message'), 'id');
  assert.ok(!retries.has('message'));
});
