import { Stack } from 'aws-cdk-lib';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import type { Config } from './config.ts';
import type { ExposedPort } from './ports.ts';

/**
 * What one stack tells another, as names in Parameter Store. CloudFormation's own exports would forbid the giving stack any change of a
 * value while the taking stack still holds it, and that order cannot always be had.
 */
export type ParameterKey =
  | 'data/log-table'
  | 'data/directory-table'
  | 'data/bucket'
  | 'data/key-arn'
  | 'data/certificate-secret-arn'
  | 'data/admin-key-secret-arn'
  | 'network/vpc-id'
  | 'network/public-subnet-ids'
  | 'network/private-subnet-ids'
  | 'network/task-group-id'
  | 'network/balancer-group-id'
  | 'network/function-group-id'
  | 'network/valkey-endpoint'
  | 'image/repository'
  | 'image/uri'
  | 'access/cluster-name'
  | 'access/balancer-full-name'
  | 'maintenance/certificate-function'
  | 'maintenance/maintain-function'
  | 'inbound/bounce-function'
  | 'admin/api-id'
  | 'inbound/queue-name'
  | 'inbound/dead-letter-queue-name'
  | `access/targets-${ExposedPort['option']}`;

const nameOf = (config: Config, key: ParameterKey) => `/${config.name}/${key}`;

export function tell(scope: Construct, config: Config, key: ParameterKey, value: string): void {
  new StringParameter(scope, `Told ${key}`, {
    parameterName: nameOf(config, key),
    stringValue: value,
    description: `Of ${Stack.of(scope).stackName}, for the stacks that are deployed after it`,
  });
}

/** Resolved at deployment. */
export const told = (scope: Construct, config: Config, key: ParameterKey): string =>
  StringParameter.valueForStringParameter(scope, nameOf(config, key));
