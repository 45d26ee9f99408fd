import { CfnOutput, CustomResource, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { ReceiptRuleSet, TlsPolicy } from 'aws-cdk-lib/aws-ses';
import { S3 as KeepInBucket } from 'aws-cdk-lib/aws-ses-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { bounceKeys } from '../services/inbound/ses/bounce.ts';
import { acknowledge } from './acknowledge.ts';
import { Bounces } from './bounces.ts';
import type { Config } from './config.ts';
import { delivery } from './delivery.ts';
import { MailFunction } from './function.ts';
import { grantMail } from './grants.ts';
import { besideValkey } from './inside.ts';
import { tell } from './parameters.ts';
import { letPublish } from './publisher.ts';
import { forwardingEnvironment, storeEnvironment } from './task-environment.ts';

export interface InboundStackProps extends StackProps {
  readonly config: Config;
}

/** SQS may hold a message this long; what failed so often that it lies in the dead-letter queue waits for a person. */
const patience = Duration.days(14);
/** What a call could not deliver comes again after six times this, and so often before it waits for a person: four hours. */
const deliveryTimeout = Duration.minutes(2);
const attempts = 20;

/** What holds mail outlives the stack, and so does the key without which nobody can read it. */
const removalOf = ({ mail }: Config): RemovalPolicy =>
  mail === 'keep' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;

/** Mail that SES receives: receipt rule, bucket, topic, queue, and the function that delivers. */
export class InboundStack extends Stack {
  constructor(scope: Construct, id: string, { config, ...props }: InboundStackProps) {
    super(scope, id, props);
    const key = this.#key(config);
    const bucket = this.#bucket(config, key);
    const { topic, queue, failed } = this.#queues(config, key);
    this.#deliver(config, queue, bucket, key);
    new Bounces(this, 'Bounces', { config, bucket, key });

    const rules = new ReceiptRuleSet(this, 'Rules', { dropSpam: false });
    const rule = rules.addRule('Everything', {
      enabled: true,
      scanEnabled: true,
      tlsPolicy: TlsPolicy.OPTIONAL,
      actions: [new KeepInBucket({ bucket, objectKeyPrefix: 'mail/', topic })],
    });
    rule.node.addDependency(bucket, topic);
    this.#activate(config, rules, rule);

    tell(this, config, 'inbound/queue-name', queue.queueName);
    tell(this, config, 'inbound/dead-letter-queue-name', failed.queueName);
    new CfnOutput(this, 'MxRecord', {
      value: `10 inbound-smtp.${this.region}.amazonaws.com`,
      description: 'The MX record of every domain that is served',
    });
    new CfnOutput(this, 'RedriveCommand', {
      value: `npm run -s restante -- redrive ${failed.queueArn}`,
      description: 'Tries again what could not be delivered, after its cause was mended',
    });
  }

  /**
   * SES, SNS and S3 can only use a key whose policy says so; the keys that AWS manages say no such thing. On whose behalf a service uses it is not
   * always said: the policies of the bucket and the topic see to that.
   */
  #key(config: Config): Key {
    const key = new Key(this, 'Key', {
      description: 'Mail on its way in',
      enableKeyRotation: true,
      removalPolicy: removalOf(config),
    });
    key.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('ses.amazonaws.com'), new ServicePrincipal('sns.amazonaws.com')],
        actions: ['kms:GenerateDataKey*', 'kms:Decrypt'],
        resources: ['*'],
      }),
    );
    return key;
  }

  #bucket(config: Config, key: Key): Bucket {
    const bucket = new Bucket(this, 'Incoming', {
      encryption: BucketEncryption.KMS,
      encryptionKey: key,
      bucketKeyEnabled: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      // Longer than a delivery that failed may wait in the dead-letter queue.
      lifecycleRules: [{ id: 'delivered-or-given-up', expiration: patience.plus(Duration.days(2)) }],
      removalPolicy: removalOf(config),
    });
    acknowledge(
      bucket,
      'S1',
      undefined,
      'Holds mail for the minutes until it is delivered; the function logs every object that it reads.',
    );
    return bucket;
  }

  #queues(config: Config, key: Key): { topic: Topic; queue: Queue; failed: Queue } {
    const encrypted = {
      encryption: QueueEncryption.KMS,
      encryptionMasterKey: key,
      enforceSSL: true,
      removalPolicy: removalOf(config),
    } as const;
    const failed = new Queue(this, 'Failed', { ...encrypted, retentionPeriod: patience });
    const queue = new Queue(this, 'Arrived', {
      ...encrypted,
      retentionPeriod: patience,
      // Lambda asks for six times the time-out of the function.
      visibilityTimeout: Duration.seconds(deliveryTimeout.toSeconds() * 6),
      deadLetterQueue: { queue: failed, maxReceiveCount: attempts },
    });
    const topic = new Topic(this, 'Received', { masterKey: key, enforceSSL: true });
    letPublish(topic, 'ses.amazonaws.com');
    topic.addSubscription(new SqsSubscription(queue, { rawMessageDelivery: true }));
    return { topic, queue, failed };
  }

  #deliver(config: Config, queue: Queue, bucket: Bucket, key: Key): void {
    const { inside, environment } = besideValkey(this, config);
    const deliver = new MailFunction(this, 'Deliver', {
      config,
      bundle: 'deliver',
      description: 'delivers what SES received',
      memory: delivery.memory,
      timeout: deliveryTimeout,
      inside,
      environment: {
        ...storeEnvironment(this, config),
        ...environment,
        ...forwardingEnvironment(config),
        RESTANTE_HOSTNAME: config.hostname,
        RESTANTE_INCOMING_BUCKET: bucket.bucketName,
      },
    });
    grantMail(this, config, deliver.role);
    const grant = (actions: string[], resource: string) =>
      deliver.role.addToPrincipalPolicy(new PolicyStatement({ actions, resources: [resource] }));
    const received = bucket.arnForObjects('mail/*');
    const bounces = bucket.arnForObjects(`${bounceKeys.waiting}*`);
    grant(['s3:GetObject'], received);
    // To read: where one is written down already, the answer is what it says.
    grant(['s3:GetObject', 's3:PutObject'], bounces);
    for (const value of [received, bounces])
      acknowledge(
        deliver.role,
        'IAM5',
        { kind: 'Resource', value },
        'Every message that SES received is an object of its own, and every bounce.',
      );
    grant(['kms:Decrypt', 'kms:GenerateDataKey'], key.keyArn);
    deliver.consumeFrom(queue);
    deliver.lambda.addEventSource(
      new SqsEventSource(queue, {
        batchSize: delivery.batch,
        maxBatchingWindow: Duration.seconds(delivery.window),
        reportBatchItemFailures: true,
        maxConcurrency: config.receiving.concurrency,
      }),
    );
  }

  #activate(config: Config, rules: ReceiptRuleSet, after: Construct): void {
    const activate = new MailFunction(this, 'Activate', {
      config,
      bundle: 'rule-set',
      description: 'makes the receipt rule set the active one, unless another is',
      memory: 256,
      timeout: Duration.minutes(1),
    });
    activate.role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['ses:DescribeActiveReceiptRuleSet', 'ses:SetActiveReceiptRuleSet'],
        resources: ['*'],
      }),
    );
    acknowledge(
      activate.role,
      'IAM5',
      { kind: 'Resource', value: '*' },
      'SES knows no resource for the active rule set: there is one a region.',
    );
    const active = new CustomResource(this, 'Active', {
      serviceToken: activate.lambda.functionArn,
      resourceType: 'Custom::ActiveReceiptRuleSet',
      properties: { RuleSet: rules.receiptRuleSetName },
      serviceTimeout: Duration.minutes(3),
    });
    active.node.addDependency(after, activate);
  }
}
