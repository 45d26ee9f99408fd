import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAuthenticator } from '../../shared/directory/authenticator.ts';
import { createPasswordHasher } from '../../shared/directory/password-hasher.ts';
import { createProvisioning } from '../../shared/directory/provisioning.ts';
import { createRememberedPasswords, rememberMs } from '../../shared/directory/remembered-passwords.ts';
import { rememberedTogether } from '../../shared/directory/remembered-together.ts';
import { createSignInThrottle } from '../../shared/directory/sign-in-throttle.ts';
import { noNetworks } from '../../shared/net/networks.ts';
import { silentLog } from '../../shared/telemetry/log.ts';
import { createMetrics } from '../../shared/telemetry/metrics.ts';
import { passwordMarksContract } from '../contracts/password-marks.contract.ts';
import { memoryDirectory } from './memory-directory.ts';
import { MemoryMarks } from './memory-marks.ts';

passwordMarksContract(async () => {
  let time = 1;
  const marks = new MemoryMarks(() => time);
  return {
    marks,
    other: marks,
    pass: (ms) => {
      time += ms;
    },
  };
});

const right = 'correct horse';

/** Machines that share marks, each with an authenticator of its own; `hashed` counts what all of them hashed. */
async function world() {
  const clock = { now: 1_000_000 };
  const marks = new MemoryMarks(() => clock.now);
  const directory = memoryDirectory();
  const plain = createPasswordHasher({ cost: { memory: 8, passes: 1, parallelism: 1 } });
  const provisioning = createProvisioning({ directory, hasher: plain });
  await provisioning.addDomain('example.test');
  await provisioning.addAccount({ address: 'alice@example.test', password: right });
  const hashed = { count: 0 };
  const machine = (key = 'k') => {
    const authenticator = createAuthenticator({
      directory,
      hasher: {
        hash: plain.hash,
        verify(...args) {
          hashed.count++;
          return plain.verify(...args);
        },
      },
      remembered: rememberedTogether(createRememberedPasswords({ key: Buffer.from(key) }), marks),
      throttle: createSignInThrottle({ trusted: noNetworks }),
      log: silentLog,
      metrics: createMetrics(),
      now: () => clock.now,
    });
    return async (password = right): Promise<boolean> => {
      const attempt = {
        address: 'alice@example.test',
        protocol: 'pop3',
        mechanism: 'USER',
        remote: '192.0.2.1',
      };
      return (await authenticator.signIn({ ...attempt, password, protocol: 'pop3' })).ok;
    };
  };
  return { clock, marks, provisioning, hashed, machine };
}

test('a password that one machine has verified costs the others no hash, and its end is the same for all', async () => {
  const { clock, hashed, machine } = await world();
  const [first, second, third] = [machine(), machine(), machine()];
  assert.ok(await first());
  clock.now += rememberMs - 1000;
  assert.ok(await second());
  assert.ok(await second());
  assert.equal(hashed.count, 1);
  clock.now += 1000;
  assert.ok(await second());
  assert.equal(hashed.count, 2);
  assert.ok(await third());
  assert.equal(hashed.count, 2);
});

test('a change of the password makes what all remember worthless', async () => {
  const { provisioning, hashed, machine } = await world();
  const [first, second] = [machine(), machine()];
  assert.ok(await first());
  await provisioning.changePassword('alice@example.test', 'another one');
  assert.equal(await second(), false);
  assert.equal(await first(), false);
  assert.ok(await second('another one'));
  assert.equal(hashed.count, 4);
});

test('a wrong password is never remembered, and a machine with another key finds nothing', async () => {
  const { marks, hashed, machine } = await world();
  assert.equal(await machine()('wrong one'), false);
  assert.equal(marks.kept.size, 0);
  assert.ok(await machine()());
  assert.ok(await machine('other')());
  assert.equal(hashed.count, 3);
  for (const mark of marks.kept.keys()) assert.ok(!mark.includes(right));
});

test('where the marks are lost, sign-in is slower and nothing else', async () => {
  const { marks, hashed, machine } = await world();
  marks.lost = true;
  assert.ok(await machine()());
  assert.ok(await machine()());
  assert.equal(hashed.count, 2);
});
