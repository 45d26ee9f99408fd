import { after } from 'node:test';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { AwsAccountLog } from '../../shared/adapters/aws/account-log.ts';
import { AwsBlobStore } from '../../shared/adapters/aws/blob-store.ts';
import { createBucketClient, createTableClient } from '../../shared/adapters/aws/clients.ts';
import { AwsNotifier } from '../../shared/adapters/aws/notifier.ts';
import { type AwsEmulators, startAwsEmulators } from '../support/aws-emulators.ts';

/** The emulators of a whole suite, started by the first who asks and stopped when it ends. */
export function sharedEmulators(): () => Promise<AwsEmulators> {
  let started: Promise<AwsEmulators> | undefined;
  after(async () => (await started)?.stop());
  return () => {
    started ??= startAwsEmulators();
    return started;
  };
}

/** A client with connections of its own, as another process has. */
export function openTables(emulators: AwsEmulators): DynamoDBClient {
  const client = createTableClient(emulators.tables);
  after(() => client.destroy());
  return client;
}

/** A log and a blob store with connections of their own, as another process has. */
export function openLogAndBlobs(emulators: AwsEmulators): { log: AwsAccountLog; blobs: AwsBlobStore } {
  const client = openTables(emulators);
  const bucketClient = createBucketClient(emulators.objects);
  after(() => bucketClient.destroy());
  return {
    log: new AwsAccountLog({ client, table: emulators.logTable }),
    blobs: new AwsBlobStore({ client: bucketClient, bucket: emulators.bucket, tiering: false }),
  };
}

/** Without a channel: what others write is found by looking. */
export function openPolling(log: AwsAccountLog): AwsNotifier {
  const notifier = new AwsNotifier({
    grownBeyond: (account, after) => log.grownBeyond(account, after),
    pollMs: 50,
  });
  after(() => notifier.close());
  return notifier;
}
