import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAuthenticator } from '../../shared/directory/authenticator.ts';
import { createPasswordHasher, type PasswordHasher } from '../../shared/directory/password-hasher.ts';
import { createProvisioning } from '../../shared/directory/provisioning.ts';
import { createRememberedPasswords, rememberMs } from '../../shared/directory/remembered-passwords.ts';
import { createSignInThrottle } from '../../shared/directory/sign-in-throttle.ts';
import { parseNetworks } from '../../shared/net/networks.ts';
import { memoryLog } from '../../shared/telemetry/log.ts';
import { createMetrics } from '../../shared/telemetry/metrics.ts';
import { memoryDirectory } from './memory-directory.ts';

const right = 'correct horse';

async function world(limits: { running?: number; waiting?: number } = {}) {
  const directory = memoryDirectory();
  const inner = createPasswordHasher({ cost: { memory: 8, passes: 1, parallelism: 1 }, ...limits });
  const hashed = { count: 0 };
  const hasher: PasswordHasher = {
    hash: inner.hash,
    verify: (password, hash, turn) =>
      inner.verify(password, hash, {
        ...turn,
        wanted() {
          const go = turn.wanted();
          if (go) hashed.count += 1;
          return go;
        },
      }),
  };
  const provisioning = createProvisioning({ directory, hasher });
  await provisioning.addDomain('example.test');
  const alice = await provisioning.addAccount({ address: 'alice@example.test', password: right });
  assert.ok(alice.ok);
  const trusted = parseNetworks(['10.0.0.0/8']);
  assert.ok(trusted.ok);
  const clock = { now: 1_000_000 };
  const log = memoryLog();
  const authenticator = createAuthenticator({
    directory,
    hasher,
    remembered: createRememberedPasswords(),
    throttle: createSignInThrottle({ trusted: trusted.value }),
    log,
    metrics: createMetrics(),
    now: () => clock.now,
  });
  const signIn = async (password: string, address = 'alice@example.test', remote = '192.0.2.1') => {
    const outcome = await authenticator.signIn({
      address,
      password,
      protocol: 'imap',
      mechanism: 'PLAIN',
      remote,
    });
    return outcome.ok ? 'ok' : outcome.error.kind;
  };
  return { directory, provisioning, alice: alice.value.account, clock, log, authenticator, signIn, hashed };
}

test('the right password signs in, in any spelling of the address, and is hashed once', async () => {
  const { signIn, hashed } = await world();
  assert.equal(await signIn(right), 'ok');
  assert.equal(await signIn(right, 'Alice@EXAMPLE.test'), 'ok');
  assert.equal(await signIn(right, 'alice@example.test', '198.51.100.7'), 'ok');
  assert.equal(hashed.count, 1);
});

test('a remembered password is proved again after some hours', async () => {
  const { signIn, hashed, clock } = await world();
  await signIn(right);
  clock.now += rememberMs - 1;
  await signIn(right);
  assert.equal(hashed.count, 1);
  clock.now += 1;
  assert.equal(await signIn(right), 'ok');
  assert.equal(hashed.count, 2);
});

test('a wrong password and an unknown user look alike and cost alike', async () => {
  const { signIn, hashed } = await world();
  assert.equal(await signIn('wrong horse'), 'invalid');
  assert.equal(hashed.count, 1);
  assert.equal(await signIn(right, 'nobody@example.test'), 'invalid');
  assert.equal(hashed.count, 2);
  assert.equal(await signIn(right, 'nobody@elsewhere.test'), 'invalid');
  assert.equal(hashed.count, 3);
  assert.equal(await signIn(right, 'not an address'), 'invalid');
  assert.equal(await signIn(''), 'invalid');
});

test('a wrong password is never remembered, not even beside a right one', async () => {
  const { signIn, hashed } = await world();
  await signIn(right);
  await signIn('wrong horse');
  await signIn('wrong horse');
  assert.equal(hashed.count, 3);
});

test('a changed password ends what was remembered of the old one at once', async () => {
  const { signIn, provisioning } = await world();
  assert.equal(await signIn(right), 'ok');
  await provisioning.changePassword('alice@example.test', 'another horse');
  assert.equal(await signIn(right), 'invalid');
  assert.equal(await signIn('another horse'), 'ok');
});

test('suspension and a protocol switched off are told only to who knows the password', async () => {
  const { signIn, directory, alice, provisioning } = await world();
  await directory.updateAccount(alice.id, { protocols: ['pop3'] });
  assert.equal(await signIn(right), 'protocolOff');
  assert.equal(await signIn('wrong horse'), 'invalid');
  await provisioning.setStatus('alice@example.test', 'suspended');
  assert.equal(await signIn(right), 'suspended');
  assert.equal(await signIn('wrong horse'), 'invalid');
});

test('an account without a password lets nobody in', async () => {
  const { signIn, directory, alice } = await world();
  await directory.updateAccount(alice.id, { passwordHash: undefined });
  assert.equal(await signIn(right), 'invalid');
});

test('sign-ins with one password that come at once share one hash', async () => {
  const { signIn, hashed } = await world();
  const outcomes = await Promise.all(Array.from({ length: 20 }, () => signIn(right)));
  assert.deepEqual(new Set(outcomes), new Set(['ok']));
  assert.equal(hashed.count, 1);
});

test('failures of one user from one address are slowed down, with the right password too', async () => {
  const { signIn, clock, authenticator, hashed } = await world();
  for (let i = 0; i < 6; i++) assert.equal(await signIn(`wrong ${i}`), 'invalid');
  assert.equal(await signIn(right), 'throttled');
  assert.equal(hashed.count, 6);
  const outcome = await authenticator.signIn({
    address: 'alice@example.test',
    password: right,
    protocol: 'imap',
    mechanism: 'PLAIN',
    remote: '192.0.2.1',
  });
  assert.deepEqual(outcome, { ok: false, error: { kind: 'throttled', retryAfterMs: 1000 } });
  assert.equal(
    await signIn(right, 'alice@example.test', '198.51.100.7'),
    'ok',
    'elsewhere nobody is slowed down',
  );
  clock.now += 1000;
  assert.equal(await signIn(right), 'ok');
  assert.equal(await signIn('wrong again'), 'invalid');
  assert.equal(await signIn(right), 'ok', 'a success starts the count anew');
});

test('guesses sent all at once are not hashed past the limit', async () => {
  const { signIn, hashed } = await world({ running: 1 });
  const outcomes = await Promise.all(Array.from({ length: 40 }, (_, i) => signIn(`guess ${i}`)));
  assert.equal(hashed.count, 6);
  assert.equal(outcomes.filter((outcome) => outcome === 'throttled').length, 34);
});

test('going through the users from one address is slowed down, but not for who signed in from there', async () => {
  const { signIn } = await world();
  assert.equal(await signIn(right), 'ok');
  for (let i = 0; i < 51; i++) assert.equal(await signIn('guess', `user${i}@example.test`), 'invalid');
  assert.equal(await signIn('guess', 'user99@example.test'), 'throttled');
  assert.equal(await signIn(right), 'ok');
});

test('trusted networks are not slowed down', async () => {
  const { signIn } = await world();
  for (let i = 0; i < 60; i++) assert.equal(await signIn(`wrong ${i}`, undefined, '10.1.2.3'), 'invalid');
  assert.equal(await signIn(right, undefined, '10.1.2.3'), 'ok');
});

test('more sign-ins than may wait are told busy, and that is no failure of theirs', async () => {
  const { signIn } = await world({ running: 1, waiting: 1 });
  const outcomes = await Promise.all(
    Array.from({ length: 10 }, (_, i) => signIn(right, undefined, `198.51.100.${i}`)),
  );
  assert.equal(outcomes.filter((outcome) => outcome === 'ok').length, 2);
  assert.equal(outcomes.filter((outcome) => outcome === 'busy').length, 8);
  assert.equal(await signIn(right), 'ok');
});

test('sign-ins are logged without what was typed', async () => {
  const { signIn, log, alice } = await world();
  await signIn(right);
  await signIn('wrong horse');
  await signIn('hunter22', 'hunter22');
  assert.deepEqual(
    log.events.map(({ event }) => event.event),
    ['auth.ok', 'auth.failed', 'auth.failed'],
  );
  const text = JSON.stringify(log.events);
  assert.ok(text.includes(alice.id));
  assert.ok(!/horse|hunter22/.test(text));
});

test('an app password signs in however it is typed, without a slow hash, until it is removed', async () => {
  const { signIn, provisioning, directory, alice, hashed, log } = await world();
  const added = await provisioning.addAppPassword('alice@example.test', 'telephone');
  const other = await provisioning.addAppPassword('alice@example.test', 'laptop');
  assert.ok(added.ok && other.ok);
  const { password, appPassword } = added.value;
  assert.equal(await signIn(password), 'ok');
  assert.equal(await signIn(password.replaceAll('-', '').toUpperCase()), 'ok');
  assert.equal(hashed.count, 0);
  assert.match(JSON.stringify(log.events.at(-1)), new RegExp(`"appPassword":"${appPassword.id}"`));
  await directory.updateAccount(alice.id, { status: 'suspended' });
  assert.equal(await signIn(password), 'suspended');
  await directory.updateAccount(alice.id, { status: 'active', protocols: ['pop3'] });
  assert.equal(await signIn(password), 'protocolOff');
  await directory.updateAccount(alice.id, { protocols: ['imap'] });
  // It does not depend on the account's own password, nor on the other app passwords.
  await directory.updateAccount(alice.id, { passwordHash: undefined });
  assert.equal(await signIn(password), 'ok');
  assert.ok((await provisioning.removeAppPassword('alice@example.test', appPassword.id)).ok);
  assert.equal(await signIn(password), 'invalid');
  assert.equal(await signIn(other.value.password), 'ok');
});

test('an app password of one account is none of another', async () => {
  const { signIn, provisioning, directory, alice } = await world();
  const bob = await provisioning.addAccount({ address: 'bob@example.test', password: 'another horse' });
  assert.ok(bob.ok);
  const added = await provisioning.addAppPassword('alice@example.test', 'telephone');
  assert.ok(added.ok);
  assert.equal(await signIn(added.value.password, 'bob@example.test'), 'invalid');
  // Not even where its record is copied.
  const { appPasswords } = (await directory.account(alice.id))!;
  await directory.addAppPassword(bob.value.account.id, appPasswords[0]!);
  assert.equal(await signIn(added.value.password, 'bob@example.test'), 'invalid');
});

test('the day of a sign-in is written once for each protocol, and no failure', async () => {
  const { authenticator, directory, alice, clock } = await world();
  const noted: string[] = [];
  const note = directory.noteSignIn;
  directory.noteSignIn = (account, protocol, day) => {
    noted.push(`${protocol} ${day}`);
    return note(account, protocol, day);
  };
  const come = (protocol: 'imap' | 'pop3', password = right) =>
    authenticator.signIn({
      address: alice.address,
      password,
      protocol,
      mechanism: 'PLAIN',
      remote: '192.0.2.1',
    });
  clock.now = Date.UTC(2026, 10, 28, 12);
  await come('imap', 'wrong');
  for (let i = 0; i < 5; i++) await Promise.all([come('imap'), come('pop3')]);
  clock.now += 86_400_000;
  for (let i = 0; i < 5; i++) await come('imap');
  assert.deepEqual(noted.sort(), ['imap 2026-11-28', 'imap 2026-11-29', 'pop3 2026-11-28']);
  const account = await directory.account(alice.id);
  assert.deepEqual(account?.lastSignIn, { imap: '2026-11-29', pop3: '2026-11-28' });
});

test('a directory that takes no day hinders no sign-in, and the next one tries again', async () => {
  const { signIn, directory, log } = await world();
  let tries = 0;
  directory.noteSignIn = () => {
    tries += 1;
    return Promise.reject(new Error('throttled'));
  };
  assert.equal(await signIn(right), 'ok');
  await new Promise(setImmediate);
  assert.equal(await signIn(right), 'ok');
  await new Promise(setImmediate);
  assert.equal(tries, 2);
  assert.equal(log.events.filter(({ event: { event } }) => event === 'auth.dayNotKept').length, 2);
});
