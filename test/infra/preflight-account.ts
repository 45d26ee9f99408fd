import { readConfig } from '../../infra/config.ts';
import { type Account, type AskFailure, Json } from '../../infra/preflight/account.ts';
import { err, ok } from '../../shared/result.ts';

export const small = readConfig('infra/examples/small.json');
export const large = readConfig('infra/examples/large.json');
const zoneServers = ['ns-1.example.net', 'ns-2.example.net'];
export const quota = (QuotaName: string, Value: number) => ({ Quotas: [{ QuotaName, Value }] });
export const zone = (name: string) => ({ ZoneName: name, State: 'available', ZoneType: 'availability-zone' });

export type Answers = Record<string, unknown | AskFailure>;
export const refusal = (code: string): AskFailure => ({ code, message: `${code}: no` });
const isRefusal = (answer: unknown): answer is AskFailure =>
  typeof answer === 'object' && answer !== null && 'code' in answer && 'message' in answer;

/** An account where everything is ready, in the shapes in which AWS answers. */
export const ready: Answers = {
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

export interface Dns {
  readonly servers?: readonly string[];
  readonly issuers?: Readonly<Record<string, readonly string[]>>;
}

export function fake(
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
