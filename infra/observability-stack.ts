import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  MathExpression,
  Metric,
  SingleValueWidget,
  TextWidget,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import type { Config } from './config.ts';
import { told } from './parameters.ts';
import { exposedPorts } from './ports.ts';
import { letPublish } from './publisher.ts';

export interface ObservabilityStackProps extends StackProps {
  readonly config: Config;
}

interface Watch {
  readonly id: string;
  readonly metric: IMetric;
  readonly above: number;
  /** Minutes that it must last. */
  readonly minutes: number;
  readonly missing?: TreatMissingData;
  /** The section of the runbooks. */
  readonly runbook: string;
  /** What it means for people, in a sentence. */
  readonly meaning: string;
}

/** What the log's adapter asks of its table. */
const logOperations = ['Query', 'GetItem', 'PutItem', 'BatchWriteItem'] as const;

const runbooks = 'docs/operate.md';

/** What a person wants to see at three in the morning, and what wakes them. */
export class ObservabilityStack extends Stack {
  constructor(scope: Construct, id: string, { config, ...props }: ObservabilityStackProps) {
    super(scope, id, props);
    const alarms = new Topic(this, 'Alarms', { displayName: `${config.name} alarms`, enforceSSL: true });
    letPublish(alarms, 'cloudwatch.amazonaws.com');
    if (config.alarmEmail) alarms.addSubscription(new EmailSubscription(config.alarmEmail));
    acknowledge(
      alarms,
      'SNS2',
      undefined,
      'CloudWatch publishes here; what an alarm says names no person and no mail.',
    );
    const watched = this.#watches(config);
    for (const watch of watched) this.#alarm(watch, alarms);

    const dashboard = new Dashboard(this, 'Dashboard', { defaultInterval: Duration.hours(3) });
    dashboard.addWidgets(
      new TextWidget({ markdown: `# ${config.hostname}\nWhat to do: ${runbooks}`, width: 24, height: 2 }),
    );
    dashboard.addWidgets(
      new SingleValueWidget({
        title: 'Now',
        metrics: [this.#flows(config), ...this.#mailIn(config)],
        width: 24,
        height: 4,
      }),
    );
    dashboard.addWidgets(
      ...watched.map(
        ({ id: title, metric, above }) =>
          new GraphWidget({
            title,
            left: [metric],
            leftAnnotations: [{ value: above, label: 'alarm' }],
            width: 8,
          }),
      ),
    );
  }

  #alarm({ id, metric, above, minutes, missing, runbook, meaning }: Watch, topic: Topic): void {
    const alarm = new Alarm(this, id, {
      metric,
      threshold: above,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: minutes,
      datapointsToAlarm: minutes,
      treatMissingData: missing ?? TreatMissingData.NOT_BREACHING,
      alarmDescription: `${meaning} Runbook: ${runbooks}#${runbook}`,
    });
    alarm.addAlarmAction(new SnsAction(topic));
    alarm.addOkAction(new SnsAction(topic));
  }

  #watches(config: Config): readonly Watch[] {
    const table = (name: 'data/log-table' | 'data/directory-table', metricName: string) =>
      metric('AWS/DynamoDB', metricName, { TableName: told(this, config, name) }, 'Sum');
    const queue = (key: 'inbound/queue-name' | 'inbound/dead-letter-queue-name', metricName: string) =>
      metric('AWS/SQS', metricName, { QueueName: told(this, config, key) }, 'Maximum');
    const own = (metricName: string) => metric(`Restante/${config.name}`, metricName, {}, 'Sum');
    return [
      ...exposedPorts(config).map(
        ({ option }): Watch => ({
          id: `Unhealthy${option}`,
          metric: metric(
            'AWS/NetworkELB',
            'UnHealthyHostCount',
            { ...this.#balancer(config), TargetGroup: told(this, config, `access/targets-${option}`) },
            'Minimum',
          ),
          above: 0,
          minutes: 5,
          runbook: 'unhealthy-tasks',
          meaning: `For five minutes at least one task has not been fit to serve ${option}.`,
        }),
      ),
      {
        id: 'LogIsThrottled',
        runbook: 'throttling',
        metric: table('data/log-table', 'WriteThrottleEvents'),
        above: 10,
        minutes: 3,
        meaning: 'Changes to mail wait for DynamoDB.',
      },
      {
        id: 'DirectoryIsThrottled',
        runbook: 'throttling',
        metric: table('data/directory-table', 'ReadThrottleEvents'),
        above: 10,
        minutes: 3,
        meaning: 'Sign-ins and deliveries wait for DynamoDB.',
      },
      {
        id: 'LogFails',
        runbook: 'dynamodb-faults',
        metric: this.#faultsOfTheLog(config),
        above: 5,
        minutes: 3,
        meaning: 'DynamoDB has faults of its own; nothing acknowledged is lost, clients try again.',
      },
      ...(config.features.adminApi
        ? [
            {
              id: 'AdminApiFails',
              runbook: 'admin-api-faults',
              metric: metric('AWS/ApiGateway', '5xx', { ApiId: told(this, config, 'admin/api-id') }, 'Sum'),
              above: 5,
              minutes: 3,
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
              above: 300,
              minutes: 5,
              meaning: 'Mail that arrived has not been delivered for more than five minutes.',
            },
            {
              id: 'MailIsStuck',
              runbook: 'stuck-mail',
              metric: queue('inbound/dead-letter-queue-name', 'ApproximateNumberOfMessagesVisible'),
              above: 0,
              minutes: 1,
              meaning: 'Mail could not be delivered five times over and waits for a person.',
            },
          ] as const)),
      {
        id: 'Faults',
        runbook: 'faults',
        metric: own('Faults'),
        above: 20,
        minutes: 5,
        meaning: 'The services report faults of their own.',
      },
      ...(config.certificate.kind === 'own'
        ? []
        : [
            {
              id: 'CertificateIsNotRenewed',
              metric: metric(
                'AWS/Lambda',
                'Errors',
                { FunctionName: told(this, config, 'maintenance/certificate-function') },
                'Sum',
              ),
              above: 0,
              minutes: 1,
              runbook: 'certificate',
              meaning: 'The certificate could not be brought to the tasks.',
            },
          ]),
    ];
  }

  /** DynamoDB counts its faults by operation, and only so. */
  #faultsOfTheLog(config: Config): IMetric {
    const TableName = told(this, config, 'data/log-table');
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

  #balancer(config: Config): Record<string, string> {
    return { LoadBalancer: told(this, config, 'access/balancer-full-name') };
  }

  #flows(config: Config): IMetric {
    return metric('AWS/NetworkELB', 'ActiveFlowCount', this.#balancer(config), 'Average', 'connections');
  }

  #mailIn(config: Config): readonly IMetric[] {
    if (config.features.ownMx) return [];
    const QueueName = told(this, config, 'inbound/queue-name');
    return [metric('AWS/SQS', 'NumberOfMessagesDeleted', { QueueName }, 'Sum', 'mail delivered')];
  }
}

const metric = (
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
