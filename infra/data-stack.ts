import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps, Validations } from 'aws-cdk-lib';
import { AttributeType, Billing, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Key } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  ObjectOwnership,
  StorageClass,
} from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { directoryTable, logTable, type TableDefinition } from '../shared/adapters/aws/tables.ts';
import { acknowledge } from './acknowledge.ts';
import type { Config } from './config.ts';
import { tell } from './parameters.ts';

export interface DataStackProps extends StackProps {
  readonly config: Config;
}

/** As long as point-in-time recovery goes back: a table restored to any moment of it still finds its blobs. */
const recoveryDays = 35;
const types = { S: AttributeType.STRING, N: AttributeType.NUMBER } as const;

/** What holds mail. Every other stack can be destroyed and deployed again; this one outlives them. */
export class DataStack extends Stack {
  constructor(scope: Construct, id: string, { config, ...props }: DataStackProps) {
    const keep = config.mail === 'keep';
    super(scope, id, { ...props, terminationProtection: keep });
    const removalPolicy = keep ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;

    const table = (name: string, { partition, sort, timeToLive }: TableDefinition) =>
      new TableV2(this, name, {
        partitionKey: { name: partition.name, type: types[partition.type] },
        sortKey: { name: sort.name, type: types[sort.type] },
        ...(timeToLive !== undefined && { timeToLiveAttribute: timeToLive }),
        billing: Billing.onDemand(),
        deletionProtection: keep,
        pointInTimeRecoverySpecification: {
          pointInTimeRecoveryEnabled: true,
          recoveryPeriodInDays: recoveryDays,
        },
        removalPolicy,
      });
    const log = table('Log', logTable);
    const directory = table('Directory', directoryTable);

    const key = new Key(this, 'Key', {
      description: `Mail of ${config.name} at rest`,
      enableKeyRotation: true,
      removalPolicy,
    });
    const bucket = new Bucket(this, 'Mail', {
      encryption: BucketEncryption.KMS,
      encryptionKey: key,
      // Without it every message would pay for a call of the key.
      bucketKeyEnabled: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      versioned: true,
      lifecycleRules: [
        {
          id: 'deleted-mail-stays-as-long-as-backups',
          noncurrentVersionExpiration: Duration.days(recoveryDays),
          expiredObjectDeleteMarker: true,
        },
        { id: 'uploads-that-were-given-up', abortIncompleteMultipartUploadAfter: Duration.days(2) },
        {
          id: 'large-mail-cools-down',
          objectSizeGreaterThan: 128 * 1024,
          transitions: [
            { storageClass: StorageClass.INTELLIGENT_TIERING, transitionAfter: Duration.days(0) },
          ],
        },
      ],
      removalPolicy,
      autoDeleteObjects: false,
    });
    acknowledge(
      bucket,
      'S1',
      undefined,
      'Server access logs cost a line for each message; CloudTrail data events are there for who must audit.',
    );

    Validations.of(bucket).acknowledge({
      id: 'CloudFormation-Validate::W9003',
      reason:
        'The size of a lifecycle rule is a number in CDK and a string in the schema; CloudFormation takes both.',
    });
    const certificate = new Secret(this, 'Certificate', {
      description: `Certificate chain and key for ${config.hostname}: {"cert": PEM, "key": PEM}`,
      removalPolicy,
    });
    acknowledge(
      certificate,
      'SMG4',
      undefined,
      'Replaced by a Lambda when ACM renews it, or by you: its life is that of the certificate.',
    );

    if (config.features.adminApi) this.#firstKey(config, removalPolicy);

    tell(this, config, 'data/log-table', log.tableName);
    tell(this, config, 'data/directory-table', directory.tableName);
    tell(this, config, 'data/bucket', bucket.bucketName);
    tell(this, config, 'data/key-arn', key.keyArn);
    tell(this, config, 'data/certificate-secret-arn', certificate.secretArn);
    new CfnOutput(this, 'CertificateSecret', {
      value: certificate.secretName,
      description: 'Where the certificate is kept; put one of your own here with certificate.kind "own"',
    });
  }

  /** The admin API's first key: id and secret in one, see services/admin/api/key-ring.ts. */
  #firstKey(config: Config, removalPolicy: RemovalPolicy): void {
    const key = new Secret(this, 'AdminKey', {
      description: `First key of the admin API of ${config.name}, for everything`,
      generateSecretString: {
        passwordLength: 69,
        excludePunctuation: true,
        excludeUppercase: true,
        excludeCharacters: 'ilou',
        requireEachIncludedType: false,
      },
      removalPolicy,
    });
    acknowledge(
      key,
      'SMG4',
      undefined,
      'For the first hour: with it you make keys that can be revoked singly. Put a new value here to end this one.',
    );
    tell(this, config, 'data/admin-key-secret-arn', key.secretArn);
    new CfnOutput(this, 'AdminKeySecret', {
      value: key.secretName,
      description: 'The first key of the admin API: aws secretsmanager get-secret-value --secret-id THIS',
    });
  }
}
