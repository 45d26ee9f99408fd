import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BillingMode,
  CreateTableCommand,
  type CreateTableCommandInput,
  type DynamoDBClient,
  type PointInTimeRecoverySpecification,
  type TimeToLiveSpecification,
  UpdateContinuousBackupsCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import {
  CreateBucketCommand,
  type LifecycleRule,
  type ObjectOwnership,
  type PublicAccessBlockConfiguration,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
  type VersioningConfiguration,
} from '@aws-sdk/client-s3';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { readConfig } from '../../infra/config.ts';
import { DataStack } from '../../infra/data-stack.ts';

/**
 * The tables and the bucket as the synthesised template of the data stack defines them, turned from CloudFormation's words into
 * requests, except for tags and the bucket's key. A property that nobody here knows is an error: what the template says more of
 * them is not passed over.
 */
export interface StoreDefinition {
  readonly log: TableDefinition;
  readonly directory: TableDefinition;
  readonly bucket: BucketDefinition;
}

export interface TableDefinition {
  readonly create: Omit<CreateTableCommandInput, 'TableName'>;
  readonly timeToLive: TimeToLiveSpecification | undefined;
  readonly recovery: PointInTimeRecoverySpecification | undefined;
}

export interface BucketDefinition {
  readonly versioning: VersioningConfiguration | undefined;
  readonly lifecycle: readonly LifecycleRule[];
  readonly publicAccess: PublicAccessBlockConfiguration | undefined;
  readonly ownership: ObjectOwnership | undefined;
}

/** Settings that stand-ins may not know; the names are those of the requests. */
export type Setting = 'PointInTimeRecovery' | 'Versioning' | 'Lifecycle' | 'PublicAccessBlock';

type Properties = Record<string, unknown>;
interface Resource {
  readonly Type: string;
  readonly Properties: Properties;
}

let made: StoreDefinition | undefined;

/** Of the small example; synthesised by the first who asks in a process, in about a second. */
export function storeDefinition(): StoreDefinition {
  made ??= define(dataTemplate());
  return made;
}

function dataTemplate(): Record<string, Resource> {
  const outdir = mkdtempSync(join(tmpdir(), 'restante-template-'));
  try {
    const config = readConfig('infra/examples/small.json');
    // The schemas of its resources are test/infra/schema.test.ts's: to load them takes five seconds.
    const app = new App({ outdir, builtinCloudFormationValidation: false });
    const stack = new DataStack(app, 'data', { config, env: { region: config.region } });
    return Template.fromStack(stack).toJSON().Resources;
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

/** Which resource is which is found as the services find it: by what Parameter Store is told. */
export function define(resources: Readonly<Record<string, Resource>>): StoreDefinition {
  const told = (key: string, type: string): Properties => {
    const parameter = Object.values(resources).find(
      ({ Type, Properties: { Name } }) => Type === 'AWS::SSM::Parameter' && String(Name).endsWith(`/${key}`),
    );
    const resource = resources[(parameter?.Properties.Value as { Ref?: string } | undefined)?.Ref ?? ''];
    if (resource?.Type !== type) throw new Error(`no ${type} is told as ${key}`);
    return resource.Properties;
  };
  return {
    log: table(told('data/log-table', 'AWS::DynamoDB::GlobalTable')),
    directory: table(told('data/directory-table', 'AWS::DynamoDB::GlobalTable')),
    bucket: bucket(told('data/bucket', 'AWS::S3::Bucket')),
  };
}

function table(properties: Properties): TableDefinition {
  const { AttributeDefinitions, KeySchema, BillingMode, Replicas, TimeToLiveSpecification, ...more } =
    properties as {
      AttributeDefinitions: CreateTableCommandInput['AttributeDefinitions'];
      KeySchema: CreateTableCommandInput['KeySchema'];
      BillingMode: BillingMode;
      Replicas: readonly [Properties, ...Properties[]];
      TimeToLiveSpecification?: TimeToLiveSpecification;
    };
  const [replica, ...others] = Replicas;
  if (others.length > 0) throw new Error('a table of several regions');
  const {
    Region: _region,
    Tags: _tags,
    DeletionProtectionEnabled,
    PointInTimeRecoverySpecification,
    ...rest
  } = replica;
  nothingElse(more, rest);
  return {
    create: {
      AttributeDefinitions,
      KeySchema,
      BillingMode,
      DeletionProtectionEnabled: DeletionProtectionEnabled === true,
    },
    timeToLive: TimeToLiveSpecification,
    recovery: PointInTimeRecoverySpecification as PointInTimeRecoverySpecification | undefined,
  };
}

function bucket(properties: Properties): BucketDefinition {
  const {
    VersioningConfiguration,
    LifecycleConfiguration,
    PublicAccessBlockConfiguration,
    OwnershipControls,
    // The key is a resource of its own, and no stand-in has a key service.
    BucketEncryption: _key,
    Tags: _tags,
    ...more
  } = properties as {
    BucketEncryption?: unknown;
    Tags?: unknown;
    VersioningConfiguration?: VersioningConfiguration;
    LifecycleConfiguration?: { readonly Rules: readonly Properties[] };
    PublicAccessBlockConfiguration?: PublicAccessBlockConfiguration;
    OwnershipControls?: { readonly Rules: readonly { readonly ObjectOwnership: ObjectOwnership }[] };
  };
  nothingElse(more);
  return {
    versioning: VersioningConfiguration,
    lifecycle: (LifecycleConfiguration?.Rules ?? []).map(rule),
    publicAccess: PublicAccessBlockConfiguration,
    ownership: OwnershipControls?.Rules[0]?.ObjectOwnership,
  };
}

function rule(properties: Properties): LifecycleRule {
  const {
    Id,
    Status,
    NoncurrentVersionExpiration,
    AbortIncompleteMultipartUpload,
    ExpiredObjectDeleteMarker,
    ObjectSizeGreaterThan,
    Transitions = [],
    ...more
  } = properties as Pick<
    LifecycleRule,
    'Status' | 'NoncurrentVersionExpiration' | 'AbortIncompleteMultipartUpload'
  > & {
    Id: string;
    ExpiredObjectDeleteMarker?: boolean;
    ObjectSizeGreaterThan?: number | string;
    Transitions?: readonly { StorageClass: 'INTELLIGENT_TIERING'; TransitionInDays: number }[];
  };
  nothingElse(more);
  return {
    ID: Id,
    Status,
    Filter:
      ObjectSizeGreaterThan === undefined
        ? { Prefix: '' }
        : { ObjectSizeGreaterThan: Number(ObjectSizeGreaterThan) },
    ...(NoncurrentVersionExpiration && { NoncurrentVersionExpiration }),
    ...(AbortIncompleteMultipartUpload && { AbortIncompleteMultipartUpload }),
    ...(ExpiredObjectDeleteMarker !== undefined && { Expiration: { ExpiredObjectDeleteMarker } }),
    ...(Transitions.length > 0 && {
      Transitions: Transitions.map(({ StorageClass, TransitionInDays }) => ({
        StorageClass,
        Days: TransitionInDays,
      })),
    }),
  };
}

function nothingElse(...more: readonly Properties[]): void {
  const names = more.flatMap(Object.keys);
  if (names.length > 0) throw new Error(`nobody knows how to ask for ${names.join(', ')}`);
}

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
