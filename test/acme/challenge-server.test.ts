import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openChallengeServer } from '../../services/local/acme/challenge-server.ts';

test('a token is answered while it is shown, and nothing else is', async (t) => {
  const opened = await openChallengeServer('127.0.0.1', 0);
  assert(opened.ok);
  t.after(() => opened.value.close());
  const at = (path: string, init?: RequestInit) =>
    fetch(`http://127.0.0.1:${opened.value.port}${path}`, init).then(async (response) => [
      response.status,
      await response.text(),
    ]);
  const place = '/.well-known/acme-challenge/token';
  assert.deepEqual(await at(place), [404, '']);
  const hide = opened.value.show('token', 'token.print');
  assert.deepEqual(await at(place), [200, 'token.print']);
  for (const other of [`${place}x`, '/', '/token', '/.well-known/acme-challenge/'])
    assert.deepEqual(await at(other), [404, ''], other);
  assert.deepEqual(await at(place, { method: 'POST' }), [404, '']);
  hide();
  assert.deepEqual(await at(place), [404, '']);
});

test('a port that is in use is said in one line', async (t) => {
  const first = await openChallengeServer('127.0.0.1', 0);
  assert(first.ok);
  t.after(() => first.value.close());
  const second = await openChallengeServer('127.0.0.1', first.value.port);
  assert(!second.ok);
  assert.match(second.error, /^acme-port: cannot listen on 127\.0\.0\.1:\d+: the port is in use$/);
});
