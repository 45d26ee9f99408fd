import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { readConfig } from '../../infra/config.ts';
import { synthesised } from './synthesised.ts';

const medium = readConfig('infra/examples/medium.json');
/** SES receives in both; Valkey is in the second. */
const small = synthesised(readConfig('infra/examples/small.json'));
const beside = synthesised(medium);

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
    assert.equal(inside?.Properties.VpcConfig.SubnetIds.length, medium.network.zones);
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
    const [outside] = functions(small.get(part)!);
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
  assert.deepEqual(ports('AWS::EC2::SecurityGroupIngress', 'SourceSecurityGroupId'), [6379, 6380]);
  assert.deepEqual(ports('AWS::EC2::SecurityGroupIngress', 'GroupId'), []);
  assert.deepEqual(ports('AWS::EC2::SecurityGroupEgress', 'GroupId'), [6379, 6380]);
  const group = network.findResources('AWS::EC2::SecurityGroup')[functions]!;
  assert.deepEqual(
    group.Properties.SecurityGroupEgress.map(({ FromPort }: { FromPort: number }) => FromPort),
    [443],
  );
  network.resourceCountIs('AWS::EC2::NatGateway', 0);
});

test('bounces are told of by the bucket itself, to a function that may send them and nothing else that SES does', () => {
  const inbound = small.get('inbound')!;
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

test('where Valkey is, tasks look at tails as seldom as it allows, though functions deliver', () => {
  const access = JSON.stringify(beside.get('access')!.toJSON());
  assert.ok(access.includes('RESTANTE_VALKEY'));
  assert.ok(!access.includes('RESTANTE_POLL_INTERVAL'));
});

test('no concurrency is reserved: a new AWS account has ten in all', () => {
  for (const stacks of [small, beside])
    for (const template of stacks.values())
      for (const { Properties } of Object.values(template.findResources('AWS::Lambda::Function')))
        assert.equal(Properties.ReservedConcurrentExecutions, undefined);
});

test('SES may write, encrypt and tell before the rule is made, and partial failures come again', () => {
  const inbound = small.get('inbound')!;
  const rule = Object.values(inbound.findResources('AWS::SES::ReceiptRule'))[0]!;
  assert.ok(
    rule.DependsOn.some((id: string) => /^Incoming.*Policy/.test(id)),
    String(rule.DependsOn),
  );
  inbound.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
    FunctionResponseTypes: ['ReportBatchItemFailures'],
  });
  inbound.hasResourceProperties('AWS::SQS::Queue', {
    RedrivePolicy: Match.objectLike({ maxReceiveCount: 20 }),
  });
});
