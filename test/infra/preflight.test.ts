import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Config, parseConfig, readConfig } from '../../infra/config.ts';
import { type Account, type AskFailure, Json } from '../../infra/preflight/account.ts';
import { awsAccount } from '../../infra/preflight/aws-cli.ts';
import { exitCode, preflight, printFindings } from '../../infra/preflight/run.ts';
import { err, ok } from '../../shared/result.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const small = readConfig('infra/examples/small.json');
const large = readConfig('infra/examples/large.json');
const zoneServers = ['ns-1.example.net', 'ns-2.example.net'];
const quota = (QuotaName: string, Value: number) => ({ Quotas: [{ QuotaName, Value }] });
const zone = (name: string) => ({ ZoneName: name, State: 'available', ZoneType: 'availability-zone' });

type Answers = Record<string, unknown | AskFailure>;
const refusal = (code: string): AskFailure => ({ code, message: `${code}: no` });
const isRefusal = (answer: unknown): answer is AskFailure =>
  typeof answer === 'object' && answer !== null && 'code' in answer && 'message' in answer;

/** An account where everything is ready, in the shapes in which AWS answers. */
const ready: Answers = {
  'sts get-caller-identity': {
    Account: '123456789012',
    Arn: 'arn:aws:sts::123456789012:assumed-role/deploy/me',
  },
  'ec2 describe-regions': { Regions: [{ OptInStatus: 'opt-in-not-required' }] },
  'ec2 describe-availability-zones': { AvailabilityZones: ['a', 'b', 'c'].map(zone) },
  'ssm get-parameter': { Parameter: { Value: '27' } },
  'cloudformation describe-stacks': { Stacks: [{ StackName: 'other', StackStatus: 'ROLLBACK_COMPLETE' }] },
  'iam get-role': { Role: {} },
  'ecr describe-images': { imageDetails: [{}] },
  'lambda get-account-settings': { AccountLimit: { UnreservedConcurrentExecutions: 1000 } },
  'service-quotas list-service-quotas fargate': quota('Fargate On-Demand vCPU resource count', 1000),
  'service-quotas list-service-quotas vpc': quota('VPCs per Region', 5),
  'ec2 describe-vpcs': { Vpcs: [{}] },
  'elasticache describe-serverless-caches': { ServerlessCaches: [] },
  'route53 get-hosted-zone': {
    HostedZone: { Name: 'example.com.', Config: { PrivateZone: false } },
    DelegationSet: { NameServers: zoneServers },
  },
  'ses describe-active-receipt-rule-set': {},
  'sesv2 get-account': { ProductionAccessEnabled: true, SendingEnabled: true, EnforcementStatus: 'HEALTHY' },
};

interface Dns {
  readonly servers?: readonly string[];
  readonly issuers?: Readonly<Record<string, readonly string[]>>;
}

function fake(
  change: Answers = {},
  { servers = zoneServers, issuers = {} }: Dns = {},
): Account & { asked: string[] } {
  const answers = { ...ready, ...change };
  const asked: string[] = [];
  return {
    asked,
    async ask(service, operation, input) {
      const name = `${service} ${operation}`;
      const key = input?.ServiceCode === undefined ? name : `${name} ${String(input.ServiceCode)}`;
      asked.push(name);
      if (!(key in answers)) throw new Error(`not expected: ${key}`);
      const answer = answers[key];
      return isRefusal(answer) ? err(answer) : ok(new Json(answer));
    },
    nameServers: async () => servers,
    certificateAuthorities: async (name) => issuers[name] ?? [],
  };
}

test('an account that is ready: all is OK, whatever the profile', async () => {
  for (const config of [small, large]) {
    const findings = await preflight(fake(), config);
    assert.deepEqual(
      findings.filter(({ level }) => level !== 'OK'),
      [],
    );
    assert.ok(findings.length >= 12);
    assert.equal(exitCode(findings), 0);
  }
});

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

test('what may not be looked at is said, and is no failure; without credentials nothing else is asked', async () => {
  const denied: Answers = Object.fromEntries(
    Object.keys(ready).map((name) => [name, refusal('AccessDeniedException')]),
  );
  const findings = await preflight(
    fake({ ...denied, 'sts get-caller-identity': ready['sts get-caller-identity'] }),
    large,
  );
  assert.equal(exitCode(findings), 0);
  assert.ok(findings.filter(({ what }) => what.includes('could not be looked at')).length >= 10);
  const nobody = fake(denied);
  assert.equal((await preflight(nobody, large)).length, 1);
  assert.deepEqual(nobody.asked, ['sts get-caller-identity']);
});

test('our own rule set and the nearest CAA record are accepted; an own MX asks nothing of receiving', async () => {
  const own = {
    'ses describe-active-receipt-rule-set': { Metadata: { Name: 'restante-inbound-Rules1A2B' } },
  };
  const issuers = { 'mail.example.com': ['amazon.com'], 'example.com': ['letsencrypt.org'] };
  assert.equal(exitCode(await preflight(fake(own, { issuers }), small)), 0);
  const account = fake();
  await preflight(account, large);
  assert.ok(!account.asked.includes('ses describe-active-receipt-rule-set'));
});

test('the AWS command line is run with reads only; its errors become codes', async () => {
  const program = join(temporaryFolder(), 'aws');
  const script = `#!${process.execPath}
const [service, operation] = process.argv.slice(2);
if (service === 'iam') {
  console.error('\\nAn error occurred (NoSuchEntity) when calling the GetRole operation: none');
  process.exit(254);
}
if (service === 'ec2') process.stdout.write('not JSON');
else console.log(JSON.stringify({ said: process.argv.slice(2) }));
`;
  writeFileSync(program, script);
  chmodSync(program, 0o755);
  const account = awsAccount('eu-central-1', program);
  const told = await account.ask('sts', 'get-caller-identity', { A: 'b; c' });
  assert.ok(told.ok);
  const said = told.value.at('said').list.map(({ text }) => text);
  assert.deepEqual(said.slice(0, 4), ['sts', 'get-caller-identity', '--region', 'eu-central-1']);
  assert.equal(said.at(-1), '{"A":"b; c"}');
  const missing = await account.ask('iam', 'get-role');
  assert.ok(!missing.ok && missing.error.code === 'NoSuchEntity');
  const garbled = await account.ask('ec2', 'describe-vpcs');
  assert.ok(!garbled.ok && garbled.error.code === 'Unasked');
  const none = await awsAccount('eu-central-1', join(temporaryFolder(), 'none')).ask(
    'sts',
    'get-caller-identity',
  );
  assert.ok(!none.ok && /install the AWS command line/.test(none.error.message));
  assert.throws(() => account.ask('iam', 'create-role' as 'get-role'), /not a read/);
});
