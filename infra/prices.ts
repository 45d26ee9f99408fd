import type { Config, TaskSize } from './config.ts';
import { list } from './list-prices.ts';
import { exposedPorts } from './ports.ts';

/** What is paid a month whether anybody reads mail or not. */
export interface FixedPrice {
  readonly what: string;
  /** US dollars a month of 730 hours, for us-east-1; other regions are up to a third dearer. */
  readonly dollars: number;
}

const hours = 730;
const task = ({ cpu, memory }: TaskSize) =>
  hours * ((cpu / 1024) * list.fargateArmCpuHour + (memory / 1024) * list.fargateArmGiBHour);

/** Lambda asks a queue with five connections, each of which waits 20 s for an answer where there is nothing. */
const askingRequests = (5 * hours * 3600) / 20;

/** An alarm is paid for by the metrics that it looks at (watches.ts): two a port, four for DynamoDB's faults, and one for each other. */
const alarmMetrics = (config: Config): number =>
  2 * exposedPorts(config).length +
  4 +
  4 +
  (config.features.adminApi ? 1 : 0) +
  (config.features.ownMx ? 0 : 3) +
  (config.certificate.kind === 'own' ? 0 : 1);

/** Each choice of the configuration that costs something by standing there. */
export function fixedPrices(config: Config): readonly FixedPrice[] {
  const { services, features, network } = config;
  const sizes =
    services.profile === 'small'
      ? [services.all]
      : [services.imap, services.pop3, services.submission, ...(features.ownMx ? [services.submission] : [])];
  const tasks = sizes.reduce((sum, { tasks }) => sum + tasks.min, 0);
  const keys = features.ownMx ? 1 : 2;
  const alarms = alarmMetrics(config);
  return [
    {
      what: `${tasks} Fargate task${tasks === 1 ? '' : 's'} on ARM`,
      dollars: sizes.reduce((sum, size) => sum + size.tasks.min * task(size), 0),
    },
    { what: 'network load balancer, one unit', dollars: hours * (list.balancerHour + list.balancerUnitHour) },
    {
      what: `its ${network.zones} public addresses`,
      dollars: hours * network.zones * list.publicAddressHour,
    },
    ...(features.privateSubnets
      ? [
          {
            what: `5 interface endpoints in ${network.zones} zones (features.privateSubnets)`,
            dollars: hours * 5 * network.zones * list.interfaceEndpointHour,
          },
        ]
      : [{ what: 'public addresses of tasks', dollars: hours * tasks * list.publicAddressHour }]),
    ...(features.valkey
      ? [
          {
            what: 'Valkey, serverless, at its least (features.valkey)',
            dollars: hours * list.valkeyServerlessMinimumGiB * list.valkeyServerlessMinimumGiBHour,
          },
        ]
      : []),
    ...(features.ownMx
      ? []
      : [
          {
            what: 'Lambda asks two queues for mail and bounces',
            dollars: 2 * list.sqsRequest * askingRequests,
          },
        ]),
    { what: `${keys} customer key${keys === 1 ? '' : 's'}`, dollars: keys * list.keyMonth },
    { what: 'a secret, for the certificate', dollars: list.secretMonth },
    ...(features.adminApi
      ? [{ what: 'a secret, for the first key (features.adminApi)', dollars: list.secretMonth }]
      : []),
    ...(config.certificate.kind === 'acm'
      ? [
          {
            what: 'exportable certificate of ACM, a twelfth of a year',
            dollars: list.exportableCertificateYear / 12,
          },
        ]
      : []),
    {
      what: `a dashboard, alarms on ${alarms} metrics, ${sizes.length + 1} metrics of its own`,
      dollars: list.dashboardMonth + alarms * list.alarmMonth + (sizes.length + 1) * list.metricMonth,
    },
  ];
}

/** The price list as text, a line a choice, for the one who deploys. */
export function priceList(config: Config): string {
  const prices = fixedPrices(config);
  const total = prices.reduce((sum, { dollars }) => sum + dollars, 0);
  const line = (what: string, dollars: number) => `  ${dollars.toFixed(2).padStart(8)}  ${what}`;
  return [
    `Fixed price of ${config.name} in US dollars a month (list prices of us-east-1; mail itself comes on top: docs/cost.md):`,
    ...prices.map(({ what, dollars }) => line(what, dollars)),
    line('in all', total),
  ].join('\n');
}
