import assert from 'node:assert/strict';
import { test } from 'node:test';
import { App, Stack, Validations } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import { installation } from '../../infra/app.ts';
import { type Config, parseConfig, readConfig } from '../../infra/config.ts';
import { exposedPorts } from '../../infra/ports.ts';
import { priceList } from '../../infra/prices.ts';
import { define, storeDefinition } from '../support/template-store.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Every template of an installation, by the last part of its stack's name. */
function synthesised(config: Config): Map<string, Template> {
  const app = new App({ outdir: temporaryFolder() });
  installation(app, config);
  const stacks = app.node.children.filter((child) => child instanceof Stack);
  return new Map(
    stacks.map((stack) => [stack.stackName.slice(config.name.length + 1), Template.fromStack(stack)]),
  );
}

const small = readConfig('infra/examples/small.json');
const large = readConfig('infra/examples/large.json');
const templates = { small: synthesised(small), large: synthesised(large) };
const both = Object.entries(templates);
/** SES receives, and Valkey is there. */
const beside = synthesised(parseConfig({ ...large, features: { valkey: true } }));

test('no stack imports what another exports: neither can hold the other back', () => {
  for (const [, stacks] of both)
    for (const [name, template] of stacks)
      assert.ok(!JSON.stringify(template.toJSON()).includes('Fn::ImportValue'), name);
});

test('tables and bucket outlive their stack, and their backups reach equally far', () => {
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
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 35 },
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
        Rules: Match.arrayWith([Match.objectLike({ NoncurrentVersionExpiration: { NoncurrentDays: 35 } })]),
      },
    });
  }
});

test('the tables and the bucket are those that the adapters are tested on', () => {
  for (const [size, stacks] of both)
    assert.deepEqual(define(stacks.get('data')!.toJSON().Resources), storeDefinition(), size);
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

test('no concurrency is reserved: a new AWS account has ten in all', () => {
  for (const [, stacks] of both)
    for (const template of stacks.values())
      for (const { Properties } of Object.values(template.findResources('AWS::Lambda::Function')))
        assert.equal(Properties.ReservedConcurrentExecutions, undefined);
});

test('SES may write, encrypt and tell before the rule is made, and partial failures come again', () => {
  const inbound = templates.small.get('inbound')!;
  const rule = Object.values(inbound.findResources('AWS::SES::ReceiptRule'))[0]!;
  assert.ok(
    rule.DependsOn.some((id: string) => /^Incoming.*Policy/.test(id)),
    String(rule.DependsOn),
  );
  inbound.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
    FunctionResponseTypes: ['ReportBatchItemFailures'],
  });
  inbound.hasResourceProperties('AWS::SQS::Queue', {
    RedrivePolicy: Match.objectLike({ maxReceiveCount: 5 }),
  });
});

test('every alarm names its runbook', () => {
  for (const [, stacks] of both)
    for (const { Properties } of Object.values(
      stacks.get('observability')!.findResources('AWS::CloudWatch::Alarm'),
    ))
      assert.match(Properties.AlarmDescription, /docs\/operate\.md#[a-z-]+$/);
});

test('the checks bite: a bucket without TLS is found', () => {
  const app = new App({ outdir: temporaryFolder() });
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

test('a configuration that is not right is refused with every complaint, by its place', () => {
  const bad = {
    ...JSON.parse(JSON.stringify(small)),
    region: 'eu-south-9',
    hostname: 'mail.other.test',
    services: { profile: 'small', all: { cpu: 256, memory: 4096, tasks: { min: 3, max: 1 } } },
    surprise: 1,
  };
  assert.throws(() => parseConfig(bad), /surprise/);
  const { surprise: _, ...rest } = bad;
  assert.throws(
    () => parseConfig(rest),
    (cause: Error) =>
      ['services.all.memory', 'services.all.tasks.max', 'hostname', 'region'].every((place) =>
        cause.message.includes(place),
      ),
  );
});

test('the price list names each choice and adds up', () => {
  for (const config of [small, large]) {
    const lines = priceList(config).split('\n').slice(1);
    const numbers = lines.map((line) => Number(line.trim().split(' ')[0]));
    const total = numbers.pop()!;
    assert.ok(Math.abs(numbers.reduce((a, b) => a + b, 0) - total) < 0.05, priceList(config));
  }
  assert.ok(
    Number(/([\d.]+) {2}in all/.exec(priceList(small))?.[1]) < 55,
    'a small installation costs under $55 a month',
  );
});

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

test('where Valkey is, functions that change accounts stand beside it, and reach it, S3, DynamoDB and nothing else', () => {
  for (const [part, bundle] of [
    ['inbound', 'deliver'],
    ['maintenance', 'maintain'],
  ] as const) {
    const functions = (template: Template) =>
      Object.values(template.findResources('AWS::Lambda::Function')).filter(
        ({ Properties }) => Properties.Environment.Variables.POWERTOOLS_SERVICE_NAME === bundle,
      );
    const [inside] = functions(beside.get(part)!);
    assert.equal(inside?.Properties.VpcConfig.SubnetIds.length, large.network.zones);
    assert.ok(inside?.Properties.Environment.Variables.RESTANTE_VALKEY);
    // Or it would be made before its role may make interfaces, and fail.
    assert.ok(inside?.DependsOn.some((id: string) => /RoleDefaultPolicy/.test(id)));
    beside.get(part)!.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Action: Match.arrayWith(['ec2:CreateNetworkInterface']) }),
        ]),
      },
    });
    const [outside] = functions(templates.small.get(part)!);
    assert.equal(outside?.Properties.VpcConfig, undefined);
    assert.equal(outside?.Properties.Environment.Variables.RESTANTE_VALKEY, undefined);
  }
  const network = beside.get('network')!;
  const [functions] = Object.entries(network.findResources('AWS::EC2::SecurityGroup')).find(([id]) =>
    id.startsWith('Functions'),
  )!;
  const ports = (type: string, end: string) =>
    Object.values(network.findResources(type))
      .filter(({ Properties }) => JSON.stringify(Properties[end])?.includes(functions))
      .map(({ Properties }) => Properties.FromPort);
  assert.deepEqual(ports('AWS::EC2::SecurityGroupIngress', 'SourceSecurityGroupId'), [6379]);
  assert.deepEqual(ports('AWS::EC2::SecurityGroupIngress', 'GroupId'), []);
  assert.deepEqual(ports('AWS::EC2::SecurityGroupEgress', 'GroupId'), [6379]);
  const group = network.findResources('AWS::EC2::SecurityGroup')[functions]!;
  assert.deepEqual(
    group.Properties.SecurityGroupEgress.map(({ FromPort }: { FromPort: number }) => FromPort),
    [443],
  );
  network.resourceCountIs('AWS::EC2::NatGateway', 0);
});

test('bounces are told of by the bucket itself, to a function that may send them and nothing else that SES does', () => {
  const inbound = templates.small.get('inbound')!;
  const [bucket] = Object.values(inbound.findResources('AWS::S3::Bucket'));
  assert.ok(
    bucket?.DependsOn.some((id: string) => /^BouncesQueuePolicy/.test(id)),
    'S3 tries the queue when the bucket is made',
  );
  inbound.hasResourceProperties('AWS::S3::Bucket', {
    NotificationConfiguration: {
      QueueConfigurations: [
        {
          Event: 's3:ObjectCreated:Put',
          Filter: { S3Key: { Rules: [{ Name: 'prefix', Value: 'bounces/' }] } },
        },
      ],
    },
  });
  const sending = Object.values(inbound.findResources('AWS::IAM::Policy'))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
    .flatMap(({ Action }: { Action: string | string[] }) => Action)
    .filter((action) => action.startsWith('ses:Send'));
  assert.deepEqual(sending, ['ses:SendBounce']);
});

test('tasks look at tails as seldom as Valkey allows, whoever delivers', () => {
  for (const stacks of [beside, templates.large])
    assert.ok(!JSON.stringify(stacks.get('access')!.toJSON()).includes('RESTANTE_POLL_INTERVAL'));
});

test('who takes mail for addresses elsewhere, accepts or sends it is told so; no other task', () => {
  const told = (config: Config, forwardOutside: boolean) => {
    const stacks = synthesised(parseConfig({ ...config, features: { ...config.features, forwardOutside } }));
    return ['access', 'inbound', 'admin'].map(
      (name) => JSON.stringify(stacks.get(name)!.toJSON()).match(/RESTANTE_FORWARD_OUTSIDE/g)?.length ?? 0,
    );
  };
  assert.deepEqual(told(small, false), [0, 0, 0]);
  assert.deepEqual(told(small, true), [1, 1, 1]);
  // Of three services, only the one for submission may send.
  const bySes = { ...large, features: { ...large.features, ownMx: false } };
  assert.deepEqual(told(bySes, true), [1, 1, 1]);
});
