import { AwsAccountLog } from '../../shared/adapters/aws/account-log.ts';
import { AwsBlobStore } from '../../shared/adapters/aws/blob-store.ts';
import { Calls } from '../../shared/adapters/aws/calls.ts';
import { createBucketClient, createTableClient } from '../../shared/adapters/aws/clients.ts';
import { AwsLeases } from '../../shared/adapters/aws/leases.ts';
import type { AwsEmulators } from '../support/aws-emulators.ts';
import { type FaultOptions, faultyObjects, faultyTables } from './faulty-clients.ts';

/** The AWS adapters with connections of their own, over clients whose requests meet faults. */
export function openFaultyStore(emulators: AwsEmulators, faults: Omit<FaultOptions, 'late'>) {
  const tables = createTableClient(emulators.tables);
  const objects = createBucketClient(emulators.objects);
  const calls = new Calls(
    { attemptMs: 10_000, totalMs: 60_000, attempts: 6 },
    {
      // Waits as ever, in a hundredth of the time.
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms / 100)),
      random: () => faults.random.next(),
      now: Date.now,
    },
  );
  const late = new Set<Promise<unknown>>();
  const client = faultyTables(tables, { ...faults, late });
  const bucketClient = faultyObjects(objects, { ...faults, late });
  return {
    log: new AwsAccountLog({ client, table: emulators.logTable, calls }),
    blobs: new AwsBlobStore({ client: bucketClient, bucket: emulators.bucket, tiering: false, calls }),
    leases: new AwsLeases({ client, table: emulators.directoryTable, calls }),
    /** When what timed out has had its effect. */
    async quiet(): Promise<void> {
      while (late.size > 0) await Promise.all(late);
    },
    close() {
      tables.destroy();
      objects.destroy();
    },
  };
}
