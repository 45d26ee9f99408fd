import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClientRequest } from '../../services/admin/client/client.ts';
import { httpTransport } from '../../services/admin/client/http-transport.ts';

type Reply = { status: number; retryAfter?: string; body?: string } | 'lost';

/** A server that answers so, one after the other, and what it was asked. */
function server(replies: readonly Reply[]) {
  const asked: { method: string; repeatKey: string | null; authorization: string | null }[] = [];
  const waits: number[] = [];
  const send = httpTransport({
    url: 'https://mail.example.test/base',
    key: 'rst_key',
    fetch: async (input, { method, headers, redirect } = {}) => {
      assert.equal(String(input), 'https://mail.example.test/base/v1/things');
      assert.equal(redirect, 'error');
      const sent = new Headers(headers);
      asked.push({
        method: method ?? '',
        repeatKey: sent.get('idempotency-key'),
        authorization: sent.get('authorization'),
      });
      const reply = replies[asked.length - 1] ?? 'lost';
      if (reply === 'lost') throw new TypeError('fetch failed', { cause: new Error('socket hang up') });
      const wait = reply.retryAfter === undefined ? {} : { 'retry-after': reply.retryAfter };
      return new Response(reply.body ?? '{}', { status: reply.status, headers: wait });
    },
    sleep: async (ms) => void waits.push(ms),
  });
  const ask = (method: ClientRequest['method']) =>
    send({ method, path: '/v1/things', body: method === 'post' ? '{}' : undefined });
  return { ask, asked, waits };
}

test('a request that is to come later is made again after the time that the server says, within a bound', async () => {
  const { ask, asked, waits } = server([
    { status: 429, retryAfter: '3' },
    { status: 503 },
    { status: 409, retryAfter: '9999' },
    { status: 200, body: '"done"' },
  ]);
  const outcome = await ask('post');
  assert.ok(outcome.ok && outcome.value.body === '"done"');
  assert.deepEqual(waits, [3000, 1000, 10_000]);
  assert.equal(asked[0]?.authorization, 'Bearer rst_key');
  assert.ok(asked[0]?.repeatKey);
  assert.equal(new Set(asked.map(({ repeatKey }) => repeatKey)).size, 1);
});

test('a server that never has time is given up, with what it said', async () => {
  const { ask, asked } = server(Array.from({ length: 9 }, () => ({ status: 429, retryAfter: '1' })));
  const outcome = await ask('get');
  assert.ok(outcome.ok && outcome.value.status === 429);
  assert.equal(asked.length, 6);
});

test('a lost answer is asked for once more, but no removal is made twice', async () => {
  const twice = server(['lost', { status: 200 }]);
  assert.ok((await twice.ask('post')).ok);
  assert.equal(twice.asked[0]?.repeatKey, twice.asked[1]?.repeatKey);
  const gone = server(['lost', 'lost', { status: 200 }]);
  assert.deepEqual(await gone.ask('get'), {
    ok: false,
    error: { kind: 'unreachable', message: 'https://mail.example.test/base cannot be asked: socket hang up' },
  });
  const removal = server(['lost', { status: 204 }]);
  assert.equal((await removal.ask('delete')).ok, false);
  assert.equal(removal.asked.length, 1);
});

test('refusals are answers, and so is a conflict that waiting does not mend', async () => {
  for (const status of [200, 401, 404, 409, 422, 500]) {
    const { ask, asked } = server([{ status }]);
    const outcome = await ask('post');
    assert.ok(outcome.ok && outcome.value.status === status);
    assert.equal(asked.length, 1);
  }
});

test('an answer without end is not read to its end', async () => {
  const { ask } = server([{ status: 200, body: 'x'.repeat(33 * 1024 * 1024) }, 'lost']);
  const outcome = await ask('delete');
  assert.ok(!outcome.ok && /longer than/.test(outcome.error.message));
});
