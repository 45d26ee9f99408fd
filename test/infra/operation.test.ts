import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Template } from 'aws-cdk-lib/assertions';
import { parseConfig, readConfig } from '../../infra/config.ts';
import { list } from '../../infra/list-prices.ts';
import { exposedPorts } from '../../infra/ports.ts';
import { fixedPrices } from '../../infra/prices.ts';
import { synthesised } from './synthesised.ts';

const small = readConfig('infra/examples/small.json');
const medium = readConfig('infra/examples/medium.json');
const large = readConfig('infra/examples/large.json');
const templates = { small: synthesised(small), large: synthesised(large) };

interface Resource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  readonly DependsOn?: readonly string[];
  // biome-ignore lint/suspicious/noExplicitAny: what CloudFormation's properties are is not said in types.
  readonly Properties: any;
}
const resources = (template: Template | undefined): [string, Resource][] =>
  Object.entries(template?.toJSON().Resources ?? {});
const ofType = (template: Template | undefined, type: string): Resource[] =>
  resources(template).flatMap(([, resource]) => (resource.Type === type ? [resource] : []));

test('a deployment leaves the number of tasks to autoscaling', () => {
  for (const stacks of Object.values(templates)) {
    const services = ofType(stacks.get('access'), 'AWS::ECS::Service');
    assert.equal(
      ofType(stacks.get('access'), 'AWS::ApplicationAutoScaling::ScalableTarget').length,
      services.length,
    );
    for (const { Properties } of services) assert.equal(Properties.DesiredCount, undefined);
  }
});

test('a parameter keeps its place in the template when the profile changes: its name can be there only once', () => {
  const places = (stacks: (typeof templates)['small']) =>
    new Map(
      [...stacks].flatMap(([stack, template]) =>
        resources(template)
          .filter(([, { Type }]) => Type === 'AWS::SSM::Parameter')
          .map(([id, { Properties }]) => [Properties.Name.replace(/^\/[^/]+/, ''), `${stack} ${id}`]),
      ),
    );
  const [before, after] = [places(templates.small), places(templates.large)];
  for (const [name, place] of before) if (after.has(name)) assert.equal(after.get(name), place, name);
});

test('a task takes more connections than more tasks are started for', () => {
  for (const stacks of Object.values(templates)) {
    const access = stacks.get('access');
    const limits = ofType(access, 'AWS::ECS::TaskDefinition').map(({ Properties }) => {
      const [{ Environment }] = Properties.ContainerDefinitions;
      return Number(
        Environment.find(({ Name }: { Name: string }) => Name === 'RESTANTE_MAX_CONNECTIONS').Value,
      );
    });
    const targets = ofType(access, 'AWS::ApplicationAutoScaling::ScalingPolicy').flatMap(({ Properties }) => {
      const { CustomizedMetricSpecification, TargetValue } =
        Properties.TargetTrackingScalingPolicyConfiguration;
      return CustomizedMetricSpecification ? [TargetValue] : [];
    });
    assert.equal(targets.length, limits.length);
    for (const [i, limit] of limits.entries())
      assert.ok(limit >= 1.2 * targets[i], `${limit}, ${targets[i]}`);
  }
  assert.ok(large.services.profile === 'large');
  const submission = { ...large.services.submission, connectionsPerTask: 8000 };
  assert.throws(
    () => parseConfig({ ...large, services: { ...large.services, submission } }),
    /submission\.connectionsPerTask/,
  );
});

test('nobody there to serve a port is an alarm, though nothing is measured then', () => {
  const alarms = ofType(templates.small.get('observability'), 'AWS::CloudWatch::Alarm').filter(
    ({ Properties }) => Properties.MetricName === 'HealthyHostCount',
  );
  assert.equal(alarms.length, exposedPorts(small).length);
  for (const { Properties } of alarms) {
    assert.equal(Properties.ComparisonOperator, 'LessThanThreshold');
    assert.equal(Properties.Threshold, 1);
    assert.equal(Properties.TreatMissingData, 'breaching');
  }
});

test('what alarms and metrics cost is what the templates have of them', () => {
  for (const [config, stacks] of [
    [small, templates.small],
    [large, templates.large],
  ] as const) {
    const looksAt = ofType(stacks.get('observability'), 'AWS::CloudWatch::Alarm').reduce(
      (sum, { Properties }) =>
        sum +
        (Properties.Metrics?.filter(({ MetricStat }: { MetricStat?: object }) => MetricStat).length ?? 1),
      0,
    );
    const own = new Set(
      [...stacks.values()]
        .flatMap((template) => ofType(template, 'AWS::Logs::MetricFilter'))
        .flatMap(({ Properties }) => Properties.MetricTransformations)
        .map(({ MetricName }) => MetricName),
    );
    const price = fixedPrices(config).find(({ what }) => what.includes('alarms'));
    const expected = list.dashboardMonth + looksAt * list.alarmMonth + own.size * list.metricMonth;
    assert.equal(price?.dollars.toFixed(2), expected.toFixed(2));
  }
});

test('errors of every function count as faults', () => {
  for (const stacks of Object.values(templates))
    for (const [name, template] of stacks) {
      const functions = ofType(template, 'AWS::Lambda::Function').filter(
        ({ Properties }) => Properties.Description !== undefined && Properties.LoggingConfig !== undefined,
      );
      const filters = ofType(template, 'AWS::Logs::MetricFilter').filter(
        ({ Properties }) => Properties.MetricTransformations[0].MetricName === 'Faults',
      );
      assert.ok(filters.length >= functions.length, `${name}: ${filters.length} of ${functions.length}`);
    }
});

test('mail on its way in outlives its stack with all that it takes to read and deliver it', () => {
  const inbound = templates.small.get('inbound');
  // Bounces that are not sent within a day are not sent at all.
  for (const type of ['AWS::S3::Bucket', 'AWS::KMS::Key', 'AWS::SQS::Queue'])
    for (const { DeletionPolicy, Properties } of ofType(inbound, type))
      if (Properties.MessageRetentionPeriod !== 86_400) assert.equal(DeletionPolicy, 'Retain', type);
});

test('a call by the clock waits until its role may make it', () => {
  for (const template of templates.small.values())
    for (const { DependsOn = [] } of ofType(template, 'AWS::Scheduler::Schedule'))
      assert.ok(DependsOn.some((id) => /CallerDefaultPolicy/.test(id)));
});

test('a third zone finds its place in the network free', () => {
  const subnetsWith = (zones: 2 | 3) =>
    new Map(
      ofType(
        synthesised({ ...medium, network: { ...medium.network, zones } }).get('network'),
        'AWS::EC2::Subnet',
      ).map(({ Properties }) => [
        JSON.stringify(Properties.Tags.find(({ Key }: { Key: string }) => Key === 'Name')),
        Properties.CidrBlock,
      ]),
    );
  const [two, three] = [subnetsWith(2), subnetsWith(3)];
  assert.ok(three.size > two.size);
  for (const [name, block] of two) assert.equal(three.get(name), block, name);
});

test('a function that fails every hour is an alarm that lasts, not one a failure', () => {
  const alarms = ofType(templates.small.get('observability'), 'AWS::CloudWatch::Alarm').filter(
    ({ Properties }) => Properties.MetricName === 'Errors' && Properties.Namespace === 'AWS/Lambda',
  );
  assert.equal(alarms.length, 3);
  for (const { Properties } of alarms) assert.ok(Properties.Period > 5400 + 900, String(Properties.Period));
});

test('a network that is too small for what stands in it is refused with its name', () => {
  const narrow = { ...medium, network: { ...medium.network, cidr: '10.90.0.0/22' } };
  assert.throws(() => parseConfig(narrow), /network\.cidr: .*\/21/);
});
