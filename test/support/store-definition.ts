import type {
  BillingMode,
  CreateTableCommandInput,
  PointInTimeRecoverySpecification,
  TimeToLiveSpecification,
} from '@aws-sdk/client-dynamodb';
import type {
  LifecycleRule,
  ObjectOwnership,
  PublicAccessBlockConfiguration,
  VersioningConfiguration,
} from '@aws-sdk/client-s3';

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

type Properties = Record<string, unknown>;
interface Resource {
  readonly Type: string;
  readonly Properties: Properties;
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
