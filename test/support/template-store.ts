import { readFileSync } from 'node:fs';
import {
  CreateTableCommand,
  type DynamoDBClient,
  UpdateContinuousBackupsCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import {
  CreateBucketCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { BucketDefinition, StoreDefinition, TableDefinition } from './store-definition.ts';

/** Written by `npm run record-store`, so that who needs tables need not synthesise; test/infra holds it to what is synthesised. */
export const recordedStore = new URL('./store-definition.json', import.meta.url);

export const storeDefinition = (): StoreDefinition => JSON.parse(readFileSync(recordedStore, 'utf8'));

/** Settings that stand-ins may not know; the names are those of the requests. */
export type Setting = 'PointInTimeRecovery' | 'Versioning' | 'Lifecycle' | 'PublicAccessBlock';

/** Answers the settings that the service does not know. */
export async function createTable(
  client: DynamoDBClient,
  name: string,
  { create, timeToLive, recovery }: TableDefinition,
): Promise<readonly Setting[]> {
  const TableName = name;
  await client.send(new CreateTableCommand({ ...create, TableName }));
  if (timeToLive)
    await client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: timeToLive }));
  if (!recovery) return [];
  const PointInTimeRecoverySpecification = recovery;
  return await asFarAsKnown('PointInTimeRecovery', () =>
    client.send(new UpdateContinuousBackupsCommand({ TableName, PointInTimeRecoverySpecification })),
  );
}

/** Answers the settings that the service does not know. */
export async function createBucket(
  client: S3Client,
  name: string,
  { versioning, lifecycle, publicAccess, ownership }: BucketDefinition,
): Promise<readonly Setting[]> {
  const Bucket = name;
  await client.send(new CreateBucketCommand({ Bucket, ObjectOwnership: ownership }));
  const unknown: Setting[] = [];
  const set = async (setting: Setting, send: () => Promise<unknown>): Promise<void> =>
    void unknown.push(...(await asFarAsKnown(setting, send)));
  if (versioning)
    await set('Versioning', () =>
      client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: versioning })),
    );
  const LifecycleConfiguration = { Rules: [...lifecycle] };
  if (lifecycle.length > 0)
    await set('Lifecycle', () =>
      client.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration })),
    );
  const PublicAccessBlockConfiguration = publicAccess;
  if (publicAccess)
    await set('PublicAccessBlock', () =>
      client.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration })),
    );
  return unknown;
}

/**
 * How stand-ins say that they do not know a request (s3rver takes what it does not know for another CreateBucket); every other refusal
 * is one of what is asked.
 */
const notKnown = new Set(['NotImplemented', 'UnknownOperationException', 'BucketAlreadyExists']);

async function asFarAsKnown(setting: Setting, send: () => Promise<unknown>): Promise<readonly Setting[]> {
  try {
    await send();
    return [];
  } catch (cause) {
    if (!notKnown.has((cause as Error).name)) throw cause;
    return [setting];
  }
}
