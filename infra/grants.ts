import { Aws } from 'aws-cdk-lib';
import { type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import type { Config } from './config.ts';
import { told } from './parameters.ts';

/** What may be done to mail. Nobody may delete a version of an object: what a mistake deletes, stays for 35 days. */
const blobs = {
  read: ['s3:GetObject'],
  write: ['s3:PutObject', 's3:AbortMultipartUpload'],
  remove: ['s3:DeleteObject'],
};
const logActions = [
  'dynamodb:GetItem',
  'dynamodb:Query',
  'dynamodb:PutItem',
  'dynamodb:DeleteItem',
  'dynamodb:BatchWriteItem',
];
const directoryReads = ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query'];
const directoryWrites = [
  ...['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'],
  ...['dynamodb:ConditionCheckItem', 'dynamodb:BatchWriteItem'],
];

const tableArn = (name: string) =>
  `arn:${Aws.PARTITION}:dynamodb:${Aws.REGION}:${Aws.ACCOUNT_ID}:table/${name}`;
const bucketArn = (name: string) => `arn:${Aws.PARTITION}:s3:::${name}`;

interface Grant {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** Why a resource has a wildcard in it. */
  readonly because?: string;
}

function grant(role: IRole, { actions, resources, because }: Grant): void {
  role.addToPrincipalPolicy(new PolicyStatement({ actions: [...actions], resources: [...resources] }));
  if (because === undefined) return;
  for (const value of resources) acknowledge(role, 'IAM5', { kind: 'Resource', value }, because);
}

/** To serve accounts: read and write their logs and blobs, and look people up. */
export function grantMail(scope: Construct, config: Config, role: IRole): void {
  const bucket = told(scope, config, 'data/bucket');
  grantListing(scope, config, role);
  grant(role, { actions: logActions, resources: [tableArn(told(scope, config, 'data/log-table'))] });
  grant(role, {
    actions: [...directoryReads, ...directoryWrites],
    resources: [tableArn(told(scope, config, 'data/directory-table'))],
  });
  grant(role, {
    actions: [...blobs.read, ...blobs.write, ...blobs.remove],
    resources: [`${bucketArn(bucket)}/*`],
    because: 'Every account has a prefix of its own in the one bucket, and a task serves every account.',
  });
  grant(role, {
    actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
    resources: [told(scope, config, 'data/key-arn')],
  });
}

/** To find what nothing refers to any more, and to see at the start whether there is a bucket. */
function grantListing(scope: Construct, config: Config, role: IRole): void {
  grant(role, { actions: ['s3:ListBucket'], resources: [bucketArn(told(scope, config, 'data/bucket'))] });
}

export function grantCertificate(scope: Construct, config: Config, role: IRole, how: 'read' | 'write'): void {
  grant(role, {
    actions:
      how === 'read'
        ? ['secretsmanager:GetSecretValue']
        : ['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'],
    resources: [told(scope, config, 'data/certificate-secret-arn')],
  });
}

const identitiesArn = `arn:${Aws.PARTITION}:ses:${Aws.REGION}:${Aws.ACCOUNT_ID}:identity/*`;

/** To send what people submit. */
export function grantSending(role: IRole): void {
  const sets = `arn:${Aws.PARTITION}:ses:${Aws.REGION}:${Aws.ACCOUNT_ID}:configuration-set/*`;
  grant(role, {
    actions: ['ses:SendEmail', 'ses:SendRawEmail'],
    resources: [identitiesArn, sets],
    because: 'Domains are added by administrators while this runs; each is an identity of its own.',
  });
}

/** To bounce what SES received. */
export function grantBouncing(role: IRole): void {
  grant(role, {
    actions: ['ses:SendBounce'],
    resources: [identitiesArn],
    because: 'Bounces come from the domain that refused; domains are added while this runs.',
  });
}
