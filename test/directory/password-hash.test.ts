import assert from 'node:assert/strict';
import { argon2Sync, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  defaultCost,
  hashPassword,
  parsePasswordHash,
  preparePassword,
  printPasswordHash,
  verifyPassword,
} from '../../shared/directory/password-hash.ts';
import { createPasswordHasher } from '../../shared/directory/password-hasher.ts';

const cheap = { memory: 8, passes: 1, parallelism: 1 };

test('a password fits its own hash and no other does', async () => {
  const hash = await hashPassword('correct horse', cheap, randomBytes);
  assert.match(hash, /^\$argon2id\$v=19\$m=8,t=1,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  assert.equal(await verifyPassword('correct horse', hash), true);
  assert.equal(await verifyPassword('correct horsf', hash), false);
  assert.notEqual(await hashPassword('correct horse', cheap, randomBytes), hash);
});

test('a hash made elsewhere, with other cost and lengths, is verified by what it says', async () => {
  const cost = { memory: 32, passes: 3, parallelism: 2 };
  const salt = Buffer.from('somesalt');
  const tag = argon2Sync('argon2id', { message: 'password', nonce: salt, tagLength: 24, ...cost });
  const hash = printPasswordHash({ cost, salt, tag });
  assert.match(hash, /^\$argon2id\$v=19\$m=32,t=3,p=2\$c29tZXNhbHQ\$/);
  assert.equal(await verifyPassword('password', hash), true);
  assert.equal(await verifyPassword('passwore', hash), false);
});

for (const hash of [
  '',
  'secret',
  '$argon2i$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA',
  '$argon2id$v=16$m=8,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA',
  '$argon2id$v=19$m=9999999,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA',
  '$argon2id$v=19$m=8,t=999,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA',
  '$argon2id$v=19$m=8,t=1,p=2$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA',
  '$argon2id$v=19$m=8,t=1,p=1$c29t$AAAAAAAAAAAAAAAAAAAAAA',
])
  test(`no password fits ${hash || 'an empty hash'}`, async () => {
    assert.equal(parsePasswordHash(hash), undefined);
    assert.equal(await verifyPassword('secret', hash), false);
  });

test('parsing never throws, and printing gives back what was parsed', () => {
  fc.assert(fc.property(fc.string(), (text) => void parsePasswordHash(text)));
  const bytes = (minLength: number) => fc.uint8Array({ minLength, maxLength: 64 });
  fc.assert(
    fc.property(bytes(8), bytes(12), (salt, tag) => {
      const hash = { cost: defaultCost, salt: Buffer.from(salt), tag: Buffer.from(tag) };
      assert.deepEqual(parsePasswordHash(printPasswordHash(hash)), hash);
    }),
  );
});

test('a password is the same however its letters and spaces were composed', () => {
  assert.equal(preparePassword('u\u0308ber\u00a0alles'), 'über alles');
  assert.equal(preparePassword(''), undefined);
  assert.equal(preparePassword('a\0b'), undefined);
  assert.equal(preparePassword('a'.repeat(1025)), undefined);
  assert.equal(preparePassword('ü'.repeat(600)), undefined);
});

test('the hasher verifies, and finds no password for an unknown user or a hash of another kind', async () => {
  const hasher = createPasswordHasher({ cost: cheap });
  const hash = await hasher.hash('secret');
  assert.ok(hash.ok);
  const turn = { wanted: () => true, verified: () => {} };
  assert.deepEqual(await hasher.verify('secret', hash.value, turn), { ok: true, value: true });
  assert.deepEqual(await hasher.verify('other', hash.value, turn), { ok: true, value: false });
  assert.deepEqual(await hasher.verify('secret', undefined, turn), { ok: true, value: false });
  assert.deepEqual(await hasher.verify('secret', '{PLAIN}secret', turn), { ok: true, value: false });
});

test('what cannot wait any more is told busy, and what is not wanted any more costs nothing', async () => {
  const hasher = createPasswordHasher({ cost: cheap, running: 1, waiting: 2 });
  let asked = 0;
  const turn = { wanted: () => true, verified: () => {} };
  const outcomes = await Promise.all([
    hasher.hash('a'),
    hasher.verify('b', undefined, { wanted: () => ++asked > 1, verified: () => {} }),
    hasher.hash('c'),
    hasher.hash('d'),
    hasher.verify('e', undefined, turn),
  ]);
  assert.deepEqual(
    outcomes.map((outcome) => (outcome.ok ? 'ok' : outcome.error)),
    ['ok', 'unwanted', 'ok', 'busy', 'busy'],
  );
  assert.ok((await hasher.hash('later')).ok);
});
