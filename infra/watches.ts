import { Duration } from 'aws-cdk-lib';
import { type IMetric, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { Config } from './config.ts';
import { ownMetrics } from './faults.ts';
import { told } from './parameters.ts';
import { exposedPorts } from './ports.ts';

/** What wakes a person. */
export interface Watch {
  readonly id: string;
  readonly metric: IMetric;
  readonly threshold: number;
  /** 'above' unless given. What is missing where it should be above is as bad. */
  readonly bad?: 'above' | 'below';
  /** How many of the metric's periods it must last: minutes, where nothing else is said. */
  readonly periods: number;
  /** The section of the runbooks. */
  readonly runbook: string;
  /** What it means for people, in a sentence. */
  readonly meaning: string;
}

/** What the log's adapter asks of its table. */
const logOperations = ['Query', 'GetItem', 'PutItem', 'BatchWriteItem'] as const;

/** All alarms of an installation. */
export function watchesOf(scope: Construct, config: Config): readonly Watch[] {
  const table = (name: 'data/log-table' | 'data/directory-table', metricName: string) =>
    metric('AWS/DynamoDB', metricName, { TableName: told(scope, config, name) }, 'Sum');
  const queue = (key: 'inbound/queue-name' | 'inbound/dead-letter-queue-name', metricName: string) =>
    metric('AWS/SQS', metricName, { QueueName: told(scope, config, key) }, 'Maximum');
  const own = (metricName: string) => metric(ownMetrics(config), metricName, {}, 'Sum');
  // Functions that run every hour: an alarm lasts until a run went well.
  const errors = (key: Parameters<typeof told>[2]) =>
    metric('AWS/Lambda', 'Errors', { FunctionName: told(scope, config, key) }, 'Sum').with({
      period: Duration.hours(2),
    });
  return [
    ...exposedPorts(config).flatMap(({ option }): readonly Watch[] => {
      const hosts = (metricName: string, statistic: string) =>
        metric(
          'AWS/NetworkELB',
          metricName,
          { ...balancerOf(scope, config), TargetGroup: told(scope, config, `access/targets-${option}`) },
          statistic,
        );
      return [
        {
          id: `Unhealthy${option}`,
          metric: hosts('UnHealthyHostCount', 'Minimum'),
          threshold: 0,
          periods: 5,
          runbook: 'unhealthy-tasks',
          meaning: `For five minutes at least one task has not been fit to serve ${option}.`,
        },
        {
          // A task that is gone counts as no unhealthy one.
          id: `Nobody${option}`,
          metric: hosts('HealthyHostCount', 'Maximum'),
          threshold: 1,
          bad: 'below',
          periods: 3,
          runbook: 'unhealthy-tasks',
          meaning: `For three minutes no task has been fit to serve ${option}.`,
        },
      ];
    }),
    {
      id: 'LogIsThrottled',
      runbook: 'throttling',
      metric: table('data/log-table', 'WriteThrottleEvents'),
      threshold: 10,
      periods: 3,
      meaning: 'Changes to mail wait for DynamoDB.',
    },
    {
      id: 'DirectoryIsThrottled',
      runbook: 'throttling',
      metric: table('data/directory-table', 'ReadThrottleEvents'),
      threshold: 10,
      periods: 3,
      meaning: 'Sign-ins and deliveries wait for DynamoDB.',
    },
    {
      id: 'LogFails',
      runbook: 'dynamodb-faults',
      metric: faultsOfTheLog(scope, config),
      threshold: 5,
      periods: 3,
      meaning: 'DynamoDB has faults of its own; nothing acknowledged is lost, clients try again.',
    },
    ...(config.features.adminApi
      ? [
          {
            id: 'AdminApiFails',
            runbook: 'admin-api-faults',
            metric: metric('AWS/ApiGateway', '5xx', { ApiId: told(scope, config, 'admin/api-id') }, 'Sum'),
            threshold: 5,
            periods: 3,
            meaning: 'The admin API fails; mail is served as before.',
          },
        ]
      : []),
    ...(config.features.ownMx
      ? []
      : ([
          {
            id: 'MailIsLate',
            runbook: 'late-mail',
            metric: queue('inbound/queue-name', 'ApproximateAgeOfOldestMessage'),
            threshold: 300,
            periods: 5,
            meaning: 'Mail that arrived has not been delivered for more than five minutes.',
          },
          {
            id: 'MailIsStuck',
            runbook: 'stuck-mail',
            metric: queue('inbound/dead-letter-queue-name', 'ApproximateNumberOfMessagesVisible'),
            threshold: 0,
            periods: 1,
            meaning: 'Mail could not be delivered for hours and waits for a person.',
          },
        ] as const)),
    {
      id: 'Faults',
      runbook: 'faults',
      metric: own('Faults'),
      threshold: 20,
      periods: 5,
      meaning: 'The services report faults of their own.',
    },
    {
      id: 'MaintenanceFails',
      metric: errors('maintenance/maintain-function'),
      threshold: 0,
      periods: 1,
      runbook: 'functions-that-fail',
      meaning: 'Accounts are not maintained; mail is served as before, and grows slower to open.',
    },
    ...(config.features.ownMx
      ? []
      : [
          {
            id: 'BouncesFail',
            metric: errors('inbound/bounce-function'),
            threshold: 0,
            periods: 1,
            runbook: 'functions-that-fail',
            meaning: 'Senders are not told that their mail was refused.',
          },
        ]),
    ...(config.certificate.kind === 'own'
      ? []
      : [
          {
            id: 'CertificateIsNotRenewed',
            metric: errors('maintenance/certificate-function'),
            threshold: 0,
            periods: 1,
            runbook: 'certificate',
            meaning: 'The certificate could not be brought to the tasks, or ACM does not renew it.',
          },
        ]),
  ];
}

/** DynamoDB counts its faults by operation, and only so. */
function faultsOfTheLog(scope: Construct, config: Config): IMetric {
  const TableName = told(scope, config, 'data/log-table');
  const usingMetrics = Object.fromEntries(
    logOperations.map((Operation) => [
      `${Operation[0]!.toLowerCase()}${Operation.slice(1)}`,
      metric('AWS/DynamoDB', 'SystemErrors', { TableName, Operation }, 'Sum'),
    ]),
  );
  return new MathExpression({
    expression: Object.keys(usingMetrics)
      .map((name) => `FILL(${name}, 0)`)
      .join(' + '),
    usingMetrics,
    label: 'SystemErrors',
    period: Duration.minutes(1),
  });
}

export function balancerOf(scope: Construct, config: Config): Record<string, string> {
  return { LoadBalancer: told(scope, config, 'access/balancer-full-name') };
}

export const metric = (
  namespace: string,
  metricName: string,
  dimensionsMap: Record<string, string>,
  statistic: string,
  label?: string,
): Metric =>
  new Metric({
    namespace,
    metricName,
    dimensionsMap,
    statistic,
    period: Duration.minutes(1),
    ...(label !== undefined && { label }),
  });
