import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Config, parseConfig } from '../../infra/config.ts';
import { exitCode, preflight, printFindings } from '../../infra/preflight/run.ts';
import { type Answers, type Dns, fake, large, quota, refusal, small, zone } from './preflight-account.ts';

const withImage = parseConfig({
  ...small,
  image: { kind: 'digest', repository: 'restante', digest: `sha256:${'0'.repeat(64)}` },
});
const ownCertificate = parseConfig({ ...small, certificate: { kind: 'own' }, hostedZone: undefined });
const elsewhere = parseConfig({ ...small, account: '999999999999' });

interface Case {
  readonly what: string;
  readonly change?: Answers;
  readonly dns?: Dns;
  readonly config?: Config;
  readonly level: 'WARN' | 'FAIL';
  readonly says: RegExp;
}

const cases: readonly Case[] = [
  {
    what: 'no credentials',
    change: { 'sts get-caller-identity': refusal('ExpiredToken') },
    level: 'FAIL',
    says: /sso login/,
  },
  { what: 'another account', config: elsewhere, level: 'FAIL', says: /999999999999/ },
  {
    what: 'the root user',
    change: { 'sts get-caller-identity': { Account: '1', Arn: 'arn:aws:iam::1:root' } },
    level: 'WARN',
    says: /root user/,
  },
  {
    what: 'a region that is not enabled',
    change: { 'ec2 describe-regions': { Regions: [{ OptInStatus: 'not-opted-in' }] } },
    level: 'FAIL',
    says: /not enabled/,
  },
  {
    what: 'one zone',
    change: { 'ec2 describe-availability-zones': { AvailabilityZones: [zone('a')] } },
    level: 'FAIL',
    says: /1 zones/,
  },
  {
    what: 'no bootstrap',
    change: { 'ssm get-parameter': refusal('ParameterNotFound') },
    level: 'FAIL',
    says: /cdk bootstrap/,
  },
  {
    what: 'an old bootstrap',
    change: { 'ssm get-parameter': { Parameter: { Value: '5' } } },
    level: 'FAIL',
    says: /version 5/,
  },
  {
    what: 'a stack that failed at first',
    change: {
      'cloudformation describe-stacks': {
        Stacks: [{ StackName: 'restante-data', StackStatus: 'ROLLBACK_COMPLETE' }],
      },
    },
    level: 'FAIL',
    says: /delete the stack/,
  },
  {
    what: 'no service-linked role',
    change: { 'iam get-role': refusal('NoSuchEntity') },
    level: 'WARN',
    says: /create-service-linked-role/,
  },
  {
    what: 'no image',
    config: withImage,
    change: { 'ecr describe-images': refusal('ImageNotFoundException') },
    level: 'FAIL',
    says: /Push it/,
  },
  {
    what: 'functions of a new account',
    change: { 'lambda get-account-settings': { AccountLimit: { UnreservedConcurrentExecutions: 10 } } },
    level: 'WARN',
    says: /new account/,
  },
  {
    what: 'too few functions',
    change: { 'lambda get-account-settings': { AccountLimit: { UnreservedConcurrentExecutions: 3 } } },
    level: 'FAIL',
    says: /10 are the least/,
  },
  {
    what: 'processors for the least tasks only once',
    config: large,
    change: {
      'service-quotas list-service-quotas fargate': quota('Fargate On-Demand vCPU resource count', 6),
    },
    level: 'FAIL',
    says: /a deployment needs 12/,
  },
  {
    what: 'processors for fewer tasks than the most',
    config: large,
    change: {
      'service-quotas list-service-quotas fargate': quota('Fargate On-Demand vCPU resource count', 12),
    },
    level: 'WARN',
    says: /scaling out/,
  },
  {
    what: 'no room for a VPC',
    change: { 'ec2 describe-vpcs': { Vpcs: [{}, {}, {}, {}, {}] } },
    level: 'FAIL',
    says: /5 VPCs of 5/,
  },
  {
    what: 'Valkey that is being deleted',
    config: large,
    change: {
      'elasticache describe-serverless-caches': {
        ServerlessCaches: [{ ServerlessCacheName: 'restante-large-notifier', Status: 'deleting' }],
      },
    },
    level: 'WARN',
    says: /is deleting/,
  },
  {
    what: 'no such zone',
    change: { 'route53 get-hosted-zone': refusal('NoSuchHostedZone') },
    level: 'FAIL',
    says: /list-hosted-zones/,
  },
  {
    what: 'the zone of another name',
    change: { 'route53 get-hosted-zone': { HostedZone: { Name: 'example.net.' } } },
    level: 'FAIL',
    says: /is example\.net/,
  },
  {
    what: 'a private zone',
    change: {
      'route53 get-hosted-zone': { HostedZone: { Name: 'example.com.', Config: { PrivateZone: true } } },
    },
    level: 'FAIL',
    says: /private/,
  },
  {
    what: 'a zone that nobody asks',
    dns: { servers: ['ns.elsewhere.example'] },
    level: 'FAIL',
    says: /ns-1\.example\.net/,
  },
  { what: 'no zone', config: ownCertificate, level: 'WARN', says: /set the record/ },
  {
    what: "CAA of another's",
    dns: { issuers: { 'example.com': ['letsencrypt.org'] } },
    level: 'FAIL',
    says: /issue "amazon\.com"/,
  },
  {
    what: "a rule set of another's",
    change: { 'ses describe-active-receipt-rule-set': { Metadata: { Name: 'INBOUND_MAIL' } } },
    level: 'FAIL',
    says: /INBOUND_MAIL/,
  },
  {
    what: 'the sandbox',
    change: { 'sesv2 get-account': { SendingEnabled: true } },
    level: 'WARN',
    says: /production access/,
  },
  {
    what: 'SES that was stopped',
    change: { 'sesv2 get-account': { ProductionAccessEnabled: true, EnforcementStatus: 'SHUTDOWN' } },
    level: 'WARN',
    says: /does not send/,
  },
];

for (const { what, change, dns, config = small, level, says } of cases)
  test(`${what}: ${level}, and what to do`, async () => {
    const findings = await preflight(fake(change, dns), config);
    const bad = findings.filter((finding) => finding.level === level);
    assert.ok(bad.length > 0, printFindings(findings));
    assert.ok(bad.every(({ todo }) => todo !== undefined && todo.length > 10));
    assert.match(printFindings(bad), says);
    assert.equal(exitCode(findings), level === 'FAIL' ? 1 : 0);
  });
