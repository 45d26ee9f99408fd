import { randomBytes } from 'node:crypto';
import { describe, type TestContext } from 'node:test';
import { AwsNotifier } from '../../shared/adapters/aws/notifier.ts';
import { steadyConnection, valkeyConnector } from '../../shared/adapters/aws/valkey.ts';
import { ValkeyChannel } from '../../shared/adapters/aws/valkey-channel.ts';
import { ValkeyLeases } from '../../shared/adapters/aws/valkey-leases.ts';
import { ValkeyMarks } from '../../shared/adapters/aws/valkey-marks.ts';
import type { Leases } from '../../shared/ports/leases.ts';
import { openLogAndBlobs, sharedEmulators } from '../adapters/aws-ground.ts';
import { leasesContract } from '../contracts/leases.contract.ts';
import { notifierContract } from '../contracts/notifier.contract.ts';
import { passwordMarksContract } from '../contracts/password-marks.contract.ts';
import { valkeyClusterVariable, valkeyVariable } from '../support/aws-emulators.ts';

/** Asked where Valkey is not, and for leases that it does not have: here it always is, and nothing is elsewhere. */
const never: Leases = {
  acquire: () => Promise.reject(new Error('Valkey was not asked')),
  renew: async () => false,
  release: async () => undefined,
};

for (const variable of [valkeyVariable, valkeyClusterVariable]) {
  const address = process.env[variable] ?? '';
  describe(`${variable}`, { skip: address === '' && 'no such server' }, () => {
    const connect = valkeyConnector(address || 'redis://127.0.0.1');
    const emulators = sharedEmulators();
    let opened: Promise<ReturnType<typeof openLogAndBlobs>> | undefined;

    /** Looks at tails so seldom that only Valkey can have told. */
    const open = async (t: TestContext) => {
      opened ??= emulators().then(openLogAndBlobs);
      const { log } = await opened;
      const notifier = new AwsNotifier({
        grownBeyond: (account, after) => log.grownBeyond(account, after),
        channel: (parts) => new ValkeyChannel(connect, parts),
        pollMs: 3_600_000,
        safetyPollMs: 3_600_000,
      });
      t.after(() => notifier.close());
      return { notifier, log };
    };
    notifierContract(async (t) => ({ ...(await open(t)), another: async () => (await open(t)).notifier }));

    passwordMarksContract(async (t) => {
      const make = () => {
        const marks = new ValkeyMarks(connect);
        t.after(() => marks.close());
        return marks;
      };
      const [marks, other] = [make(), make()];
      // What is remembered before the connection is there is not kept: waits for both.
      for (const one of [marks, other]) {
        const ready = randomBytes(8).toString('hex');
        while ((await one.remainingMs(ready)) === 0) {
          one.remember(ready, 60_000);
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
      return { marks, other, pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) };
    });

    leasesContract(async (t) => {
      // Names of this test's own: the server outlives it.
      const test = randomBytes(8).toString('hex');
      const make = (): Leases => {
        const connection = steadyConnection(connect);
        const leases = new ValkeyLeases(connection, never);
        t.after(() => connection.close());
        const named = (name: string): string => `${test}/${name}`;
        return {
          async acquire(name, holder, ttlMs) {
            return (await leases.acquire(named(name), holder, ttlMs)) && { name, holder };
          },
          renew: ({ name, holder }, ttlMs) => leases.renew({ name: named(name), holder }, ttlMs),
          release: ({ name, holder }) => leases.release({ name: named(name), holder }),
        };
      };
      return {
        leases: make(),
        other: make(),
        // The server's clock is nobody's to set.
        pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      };
    });
  });
}
