import { Aws, Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { Bucket, CfnBucket } from 'aws-cdk-lib/aws-s3';
import { Queue, QueueEncryption, QueuePolicy } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { bounceKeys } from '../services/inbound/ses/bounce.ts';
import { acknowledge } from './acknowledge.ts';
import type { Config } from './config.ts';
import { MailFunction } from './function.ts';
import { grantBouncing } from './grants.ts';
import { tell } from './parameters.ts';

export interface BouncesProps {
  readonly config: Config;
  /** Where the function that delivers writes bounces down. */
  readonly bucket: Bucket;
  readonly key: Key;
}

const timeout = Duration.minutes(1);

/** Sends the bounces that are written down in a bucket: S3 tells a queue of them, and a function outside the network calls SES. */
export class Bounces extends Construct {
  constructor(scope: Construct, id: string, { config, bucket, key }: BouncesProps) {
    super(scope, id);
    const queue = new Queue(this, 'Queue', {
      encryption: QueueEncryption.KMS,
      encryptionMasterKey: key,
      enforceSSL: true,
      // SES bounces what it received within a day: that is also the end of trying.
      retentionPeriod: Duration.days(1),
      visibilityTimeout: Duration.minutes(6),
    });
    acknowledge(queue, 'SQS3', undefined, 'What SES has not taken within a day, it will never take.');
    this.#tell(queue, bucket, key);

    const send = new MailFunction(this, 'Send', {
      config,
      bundle: 'bounce',
      description: 'sends bounces of mail that had to be refused after SES received it',
      memory: 256,
      timeout,
      environment: { RESTANTE_INCOMING_BUCKET: bucket.bucketName },
    });
    tell(Stack.of(this), config, 'inbound/bounce-function', send.lambda.functionName);
    grantBouncing(send.role);
    const grant = (actions: string[], resource: string) =>
      send.role.addToPrincipalPolicy(new PolicyStatement({ actions, resources: [resource] }));
    const waiting = bucket.arnForObjects(`${bounceKeys.waiting}*`);
    const taken = bucket.arnForObjects(`${bounceKeys.taken}*`);
    grant(['s3:GetObject'], waiting);
    grant(['s3:GetObject', 's3:PutObject'], taken);
    for (const value of [waiting, taken])
      acknowledge(send.role, 'IAM5', { kind: 'Resource', value }, 'Every bounce is an object of its own.');
    grant(['kms:Decrypt', 'kms:GenerateDataKey'], key.keyArn);
    send.consumeFrom(queue);
    send.lambda.addEventSource(
      // SES takes one bounce a second: few at a time, and what it would not take comes again.
      new SqsEventSource(queue, { batchSize: 1, maxConcurrency: 2, reportBatchItemFailures: true }),
    );
  }

  /** By the bucket's own property: CDK's way would add a function that may change every bucket. */
  #tell(queue: Queue, bucket: Bucket, key: Key): void {
    const s3 = new ServicePrincipal('s3.amazonaws.com');
    // Not by the bucket's name: the bucket is made after this, as S3 tries the queue when it is.
    const conditions = { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } };
    queue.addToResourcePolicy(
      new PolicyStatement({
        principals: [s3],
        actions: ['sqs:SendMessage'],
        resources: [queue.queueArn],
        conditions,
      }),
    );
    // It is not said whether S3 names the account when the queue has it ask for a key: the queue's policy limits whose bucket may tell.
    key.addToResourcePolicy(
      new PolicyStatement({
        principals: [s3],
        actions: ['kms:GenerateDataKey*', 'kms:Decrypt'],
        resources: ['*'],
      }),
    );
    const prefix = { name: 'prefix', value: bounceKeys.waiting };
    (bucket.node.defaultChild as CfnBucket).notificationConfiguration = {
      queueConfigurations: [
        { event: 's3:ObjectCreated:Put', queue: queue.queueArn, filter: { s3Key: { rules: [prefix] } } },
      ],
    };
    const policy = queue.node.findAll().find((child) => child instanceof QueuePolicy);
    if (policy) bucket.node.defaultChild?.node.addDependency(policy);
  }
}
