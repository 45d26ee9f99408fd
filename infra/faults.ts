import { FilterPattern, type ILogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { Config } from './config.ts';

/** Where the installation's own metrics are. */
export const ownMetrics = ({ name }: Pick<Config, 'name'>): string => `Restante/${name}`;

/** Every error that a service or a function logs, in one metric for all of them: the alarm `Faults` looks at it. */
export function countFaults(scope: Construct, config: Config, logGroup: ILogGroup): void {
  new MetricFilter(scope, 'Faults', {
    logGroup,
    metricNamespace: ownMetrics(config),
    metricName: 'Faults',
    // Ours, and what Lambda says of a function that threw.
    filterPattern: FilterPattern.any(
      FilterPattern.stringValue('$.level', '=', 'error'),
      FilterPattern.stringValue('$.level', '=', 'ERROR'),
    ),
    metricValue: '1',
    defaultValue: 0,
  });
}
