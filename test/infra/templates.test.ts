import assert from 'node:assert/strict';
import { test } from 'node:test';
import { App, Stack, Validations } from 'aws-cdk-lib';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import { type Config, parseConfig, readConfig } from '../../infra/config.ts';
import { exposedPorts } from '../../infra/ports.ts';
import { replacedLifetime } from '../../services/local/replaced-lifetime.ts';
import { define } from '../support/store-definition.ts';
import { storeDefinition } from '../support/template-store.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { synthesised } from './synthesised.ts';

const small = readConfig('infra/examples/small.json');
const large = readConfig('infra/examples/large.json');
const medium = readConfig('infra/examples/medium.json');
const templates = { small: synthesised(small), large: synthesised(large) };
const both = Object.entries(templates);

test('no stack imports what another exports: neither can hold the other back', () => {
  for (const [, stacks] of both)
    for (const [name, template] of stacks)
      assert.ok(!JSON.stringify(template.toJSON()).includes('Fn::ImportValue'), name);
});

test('tables and bucket outlive their stack, and their backups reach as far as replaced objects are kept', () => {
  const days = replacedLifetime.aws / (24 * 3600_000);
  for (const [, stacks] of both) {
    const data = stacks.get('data')!;
    for (const { DeletionPolicy, Type } of Object.values(data.toJSON().Resources) as {
      DeletionPolicy?: string;
      Type: string;
    }[])
      if (/DynamoDB|S3::Bucket$|KMS::Key|SecretsManager/.test(Type))
        assert.equal(DeletionPolicy, 'Retain', Type);
    data.allResourcesProperties('AWS::DynamoDB::GlobalTable', {
      BillingMode: 'PAY_PER_REQUEST',
      Replicas: [
        Match.objectLike({
          DeletionProtectionEnabled: true,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: days },
        }),
      ],
    });
    data.hasResourceProperties('AWS::S3::Bucket', {
      VersioningConfiguration: { Status: 'Enabled' },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          {
            BucketKeyEnabled: true,
            ServerSideEncryptionByDefault: Match.objectLike({ SSEAlgorithm: 'aws:kms' }),
          },
        ],
      },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      LifecycleConfiguration: {
        Rules: Match.arrayWith([Match.objectLike({ NoncurrentVersionExpiration: { NoncurrentDays: days } })]),
      },
    });
  }
});

test('the tables and the bucket are those that the adapters are tested on', () => {
  for (const [size, stacks] of both)
    assert.deepEqual(
      // As it is written down: without what is not there.
      JSON.parse(JSON.stringify(define(stacks.get('data')!.toJSON().Resources))),
      storeDefinition(),
      `${size}: npm run record-store writes down what the adapters are to be tested on`,
    );
});

test('what is not encrypted on its way is refused by the bucket', () => {
  templates.small.get('data')!.hasResourceProperties('AWS::S3::BucketPolicy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      ]),
    },
  });
});

test('nobody may delete a version of an object', () => {
  for (const [, stacks] of both)
    for (const [name, template] of stacks)
      for (const { Properties } of Object.values(template.findResources('AWS::IAM::Policy')))
        for (const { Action } of Properties.PolicyDocument.Statement)
          assert.ok(
            ![Action].flat().some((action: string) => /DeleteObjectVersion|s3:\*|s3:Delete\*/.test(action)),
            name,
          );
});

test('each port has a listener that lets IDLE last, and targets that learn who connects and lose nobody', () => {
  for (const [size, stacks] of both) {
    const access = stacks.get('access')!;
    const ports = exposedPorts(size === 'small' ? small : large).map(({ port }) => port);
    access.resourceCountIs('AWS::ElasticLoadBalancingV2::Listener', ports.length);
    for (const Port of ports)
      access.hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', {
        Port,
        Protocol: 'TCP',
        ListenerAttributes: [{ Key: 'tcp.idle_timeout.seconds', Value: '3600' }],
      });
    const attributes = {
      'proxy_protocol_v2.enabled': 'true',
      'preserve_client_ip.enabled': 'false',
      'deregistration_delay.timeout_seconds': '240',
      'deregistration_delay.connection_termination.enabled': 'false',
      'target_health_state.unhealthy.connection_termination.enabled': 'false',
      'target_health_state.unhealthy.draining_interval_seconds': '300',
    };
    for (const { Properties } of Object.values(
      access.findResources('AWS::ElasticLoadBalancingV2::TargetGroup'),
    )) {
      assert.equal(Properties.HealthCheckPort, '8080');
      assert.equal(Properties.HealthCheckPath, '/readyz');
      const set = Object.fromEntries(
        Properties.TargetGroupAttributes.map(({ Key, Value }: { Key: string; Value: string }) => [
          Key,
          Value,
        ]),
      );
      assert.deepEqual(set, attributes);
    }
  }
});

test('a service has no more target groups than ECS attaches, and what would have more is refused', () => {
  for (const stacks of [...Object.values(templates), synthesised(medium)])
    for (const { Properties } of Object.values(stacks.get('access')!.findResources('AWS::ECS::Service')))
      assert.ok(Properties.LoadBalancers.length <= 5);
  const sixPorts = { ...medium, features: { ...medium.features, startTlsPorts: true } };
  assert.throws(() => parseConfig(sixPorts), /features\.startTlsPorts: makes 6 ports/);
});

test('there are as many subnets as zones, also where the account is not known', () => {
  assert.equal(large.account, undefined);
  const subnets = templates.large.get('network')!.findResources('AWS::EC2::Subnet');
  assert.equal(Object.keys(subnets).length, 2 * large.network.zones);
});

test('who publishes to a topic is let: a policy of its own takes the place of the one for the account', () => {
  for (const [, stacks] of both)
    for (const [name, template] of stacks) {
      const topics = Object.keys(template.findResources('AWS::SNS::Topic'));
      const statements = Object.values(template.findResources('AWS::SNS::TopicPolicy')).flatMap(
        ({ Properties }) => Properties.PolicyDocument.Statement,
      );
      const permissions = statements.filter(
        ({ Effect, Action, Principal, Condition }) =>
          Effect === 'Allow' &&
          Action === 'sns:Publish' &&
          Principal.Service !== undefined &&
          Condition?.StringEquals?.['aws:SourceAccount'] !== undefined,
      );
      assert.equal(permissions.length, topics.length, name);
    }
});

test("the alarm for DynamoDB's own faults adds up what is counted by operation", () => {
  const alarms = templates.small.get('observability')!.findResources('AWS::CloudWatch::Alarm');
  const metrics = Object.values(alarms)
    .flatMap(({ Properties }) => Properties.Metrics ?? [])
    .filter(({ MetricStat }) => MetricStat?.Metric.MetricName === 'SystemErrors');
  assert.equal(metrics.length, 4);
  for (const { MetricStat } of metrics)
    assert.deepEqual(MetricStat.Metric.Dimensions.map(({ Name }: { Name: string }) => Name).sort(), [
      'Operation',
      'TableName',
    ]);
});

test('tasks are replaced one after another, may say goodbye, and write nothing but mail', () => {
  const access = templates.small.get('access')!;
  access.hasResourceProperties('AWS::ECS::Service', {
    DeploymentConfiguration: {
      MinimumHealthyPercent: 100,
      MaximumPercent: 200,
      DeploymentCircuitBreaker: { Enable: true, Rollback: true },
    },
  });
  access.hasResourceProperties('AWS::ECS::TaskDefinition', {
    RuntimePlatform: { CpuArchitecture: 'ARM64' },
    ContainerDefinitions: [
      Match.objectLike({
        ReadonlyRootFilesystem: true,
        StopTimeout: 120,
        Ulimits: [{ Name: 'nofile', SoftLimit: 65_536, HardLimit: 65_536 }],
      }),
    ],
  });
});

test('a stopping task says so for longer than the balancer takes to notice, and is gone before it would be killed', () => {
  const access = templates.small.get('access')!;
  const [group] = Object.values(access.findResources('AWS::ElasticLoadBalancingV2::TargetGroup'));
  const noticed = group!.Properties.HealthCheckIntervalSeconds * group!.Properties.UnhealthyThresholdCount;
  for (const { Properties } of Object.values(access.findResources('AWS::ECS::TaskDefinition'))) {
    const [{ Environment, StopTimeout }] = Properties.ContainerDefinitions;
    const seconds = (name: string): number =>
      Number(Environment.find(({ Name }: { Name: string }) => Name === `RESTANTE_${name}_SECONDS`).Value);
    assert.ok(seconds('NOTICE') > noticed, `${seconds('NOTICE')} s of notice, ${noticed} s to see it`);
    assert.ok(seconds('NOTICE') + seconds('DRAIN') + 15 < StopTimeout);
  }
});

test('the balancer has its security group from birth, and tasks admit nobody else', () => {
  for (const [, stacks] of both) {
    stacks.get('access')!.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', {
      SecurityGroups: Match.anyValue(),
    });
    const rules = stacks.get('network')!.findResources('AWS::EC2::SecurityGroupIngress');
    for (const { Properties } of Object.values(rules)) assert.equal(Properties.CidrIp, undefined);
  }
});

test('every alarm names its runbook', () => {
  for (const [, stacks] of both)
    for (const { Properties } of Object.values(
      stacks.get('observability')!.findResources('AWS::CloudWatch::Alarm'),
    ))
      assert.match(Properties.AlarmDescription, /docs\/operate\.md#[a-z-]+$/);
});

test('the checks bite: a bucket without TLS is found', () => {
  const app = new App({ outdir: temporaryFolder(), builtinCloudFormationValidation: false });
  const stack = new Stack(app, 'bad');
  new Bucket(stack, 'Open');
  const checks = new AwsSolutionsChecks(app);
  Validations.of(app).addPlugins(checks);
  const before = process.exitCode;
  const report = captured(() => app.synth());
  process.exitCode = before;
  assert.match(report, /AwsSolutions-S10/);
});

/** What is written to standard error meanwhile, and what is thrown. */
function captured(run: () => void): string {
  const write = process.stderr.write;
  let text = '';
  process.stderr.write = ((chunk: string | Uint8Array) => {
    text += chunk;
    return true;
  }) as typeof write;
  try {
    run();
  } catch (cause) {
    text += String(cause);
  } finally {
    process.stderr.write = write;
  }
  return text;
}

test('the admin API has a first key that outlives its stack, a limit and a log', () => {
  for (const [, stacks] of both) {
    const admin = stacks.get('admin')!;
    admin.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      AccessLogSettings: Match.objectLike({ DestinationArn: Match.anyValue() }),
      DefaultRouteSettings: { ThrottlingRateLimit: 100, ThrottlingBurstLimit: 200 },
    });
    admin.hasResourceProperties('AWS::Lambda::Function', {
      Environment: Match.objectLike({
        Variables: Match.objectLike({ RESTANTE_ADMIN_KEY_SECRET: Match.anyValue() }),
      }),
    });
    // Such text is a key: see services/admin/api/key-ring.ts.
    stacks.get('data')!.hasResourceProperties('AWS::SecretsManager::Secret', {
      GenerateSecretString: Match.objectLike({ PasswordLength: 69, ExcludeCharacters: 'ilou' }),
    });
  }
});

test('who takes mail for addresses elsewhere, accepts or sends it is told so; no other task', () => {
  const withForwarding = (config: Config) =>
    synthesised(parseConfig({ ...config, features: { ...config.features, forwardOutside: true } }));
  const told = (stacks: ReadonlyMap<string, Template>) =>
    ['access', 'inbound', 'admin'].map(
      (name) => JSON.stringify(stacks.get(name)!.toJSON()).match(/RESTANTE_FORWARD_OUTSIDE/g)?.length ?? 0,
    );
  assert.equal(small.features.forwardOutside, false);
  assert.deepEqual(told(templates.small), [0, 0, 0]);
  assert.deepEqual(told(withForwarding(small)), [1, 1, 1]);
  // Of three services, only the one for submission may send.
  const bySes = { ...large, features: { ...large.features, ownMx: false } };
  assert.deepEqual(told(withForwarding(bySes)), [1, 1, 1]);
});
