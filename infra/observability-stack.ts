import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
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
import { letPublish } from './publisher.ts';
import { balancerOf, metric, type Watch, watchesOf } from './watches.ts';

export interface ObservabilityStackProps extends StackProps {
  readonly config: Config;
}

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
    const watched = watchesOf(this, config);
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
        ({ id: title, metric, threshold }) =>
          new GraphWidget({
            title,
            left: [metric],
            leftAnnotations: [{ value: threshold, label: 'alarm' }],
            width: 8,
          }),
      ),
    );
  }

  #alarm({ id, metric, threshold, bad, periods, runbook, meaning }: Watch, topic: Topic): void {
    const below = bad === 'below';
    const alarm = new Alarm(this, id, {
      metric,
      threshold,
      comparisonOperator: below
        ? ComparisonOperator.LESS_THAN_THRESHOLD
        : ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: periods,
      datapointsToAlarm: periods,
      treatMissingData: below ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
      alarmDescription: `${meaning} Runbook: ${runbooks}#${runbook}`,
    });
    alarm.addAlarmAction(new SnsAction(topic));
    alarm.addOkAction(new SnsAction(topic));
  }

  #flows(config: Config): IMetric {
    return metric('AWS/NetworkELB', 'ActiveFlowCount', balancerOf(this, config), 'Average', 'connections');
  }

  #mailIn(config: Config): readonly IMetric[] {
    if (config.features.ownMx) return [];
    const QueueName = told(this, config, 'inbound/queue-name');
    return [metric('AWS/SQS', 'NumberOfMessagesDeleted', { QueueName }, 'Sum', 'mail delivered')];
  }
}
