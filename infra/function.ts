import type { Duration } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  type CfnFunction,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { bundleOf, type FunctionName } from './bundle.ts';
import type { Config } from './config.ts';
import { countFaults } from './faults.ts';
import type { Inside } from './inside.ts';

export interface MailFunctionProps {
  readonly config: Config;
  readonly bundle: FunctionName;
  readonly description: string;
  /** In MiB; processor time grows with it. */
  readonly memory: number;
  readonly timeout: Duration;
  readonly environment?: Record<string, string>;
  readonly inside?: Inside | undefined;
}

/**
 * A Lambda function with a role and a log of its own. No concurrency is reserved: a new AWS account has ten in all, and a reservation
 * would fail the first deployment.
 */
export class MailFunction extends Construct {
  readonly lambda: LambdaFunction;
  readonly role: Role;

  constructor(scope: Construct, id: string, props: MailFunctionProps) {
    super(scope, id);
    const { config, inside } = props;
    const logGroup = new LogGroup(this, 'Logs', { retention: config.retention.logDays });
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `Of the function that ${props.description}`,
    });
    countFaults(this, config, logGroup);
    logGroup.grantWrite(this.role);
    if (inside) this.#allowInterfaces();
    this.lambda = new LambdaFunction(this, 'Function', {
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: Code.fromAsset(bundleOf(props.bundle)),
      memorySize: props.memory,
      timeout: props.timeout,
      role: this.role.withoutPolicyUpdates(),
      loggingFormat: LoggingFormat.JSON,
      // Start, end and report of every call would be more than all that a delivery says; how long calls take is a metric besides.
      systemLogLevelV2: SystemLogLevel.WARN,
      logGroup,
      environment: {
        NODE_OPTIONS: '--enable-source-maps',
        POWERTOOLS_SERVICE_NAME: props.bundle,
        ...props.environment,
      },
    });
    if (inside)
      (this.lambda.node.defaultChild as CfnFunction).vpcConfig = {
        subnetIds: inside.subnetIds,
        securityGroupIds: [inside.groupId],
      };
    this.lambda.node.addDependency(this.role);
  }

  /** What Lambda does with a queue in the function's name. */
  consumeFrom(queue: IQueue): void {
    this.role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: [
          'sqs:ReceiveMessage',
          'sqs:DeleteMessage',
          'sqs:ChangeMessageVisibility',
          'sqs:GetQueueAttributes',
          'sqs:GetQueueUrl',
        ],
        resources: [queue.queueArn],
      }),
    );
  }

  /** A function in a VPC makes network interfaces; AWS offers no resource to limit that to. */
  #allowInterfaces(): void {
    this.role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: [
          'ec2:CreateNetworkInterface',
          'ec2:DeleteNetworkInterface',
          'ec2:DescribeNetworkInterfaces',
          'ec2:DescribeSubnets',
          'ec2:AssignPrivateIpAddresses',
          'ec2:UnassignPrivateIpAddresses',
        ],
        resources: ['*'],
      }),
    );
    acknowledge(
      this.role,
      'IAM5',
      { kind: 'Resource', value: '*' },
      'Network interfaces have no name before Lambda makes them.',
    );
  }
}
