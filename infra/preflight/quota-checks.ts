import type { Config } from '../config.ts';
import type { Json } from './account.ts';
import { answered, type Check, fail, fine, unseen, warn } from './finding.ts';

/** Every new account has ten, and needs a word with support for more. */
const newAccountConcurrency = 10;

export const functions: Check = async (account) => {
  const asked = await account.ask('lambda', 'get-account-settings');
  return answered(asked, 'Lambda', (answer) => {
    const free = answer.at('AccountLimit', 'UnreservedConcurrentExecutions').number ?? 0;
    if (free < newAccountConcurrency)
      return fail(
        `${free} Lambda functions at once`,
        `Ask for more (quota "Concurrent executions"), or take reservations of others away: ${newAccountConcurrency} are the least`,
      );
    if (free === newAccountConcurrency)
      return warn(
        `${free} Lambda functions at once, as in a new account`,
        'Enough for a small installation; ask for more (quota "Concurrent executions") before mail of many comes',
      );
    return fine(`${free} Lambda functions at once`);
  });
};

const sizesOf = ({ services, features }: Config) =>
  services.profile === 'small'
    ? [services.all]
    : [services.imap, services.pop3, services.submission, ...(features.ownMx ? [services.submission] : [])];

const named = (quotas: Json, name: string): number | undefined =>
  quotas
    .at('Quotas')
    .list.find((quota) => quota.at('QuotaName').text === name)
    ?.at('Value').number;

/** New tasks stand beside old ones during a deployment: twice the least must fit, or none ever ends. */
export const processors: Check = async (account, config) => {
  const what = 'Fargate On-Demand vCPU resource count';
  const asked = await account.ask('service-quotas', 'list-service-quotas', { ServiceCode: 'fargate' });
  return answered(asked, what, (answer) => {
    const quota = named(answer, what);
    if (quota === undefined)
      return unseen(what, {
        code: 'Unasked',
        message: 'the service does not list it: look under Service Quotas',
      });
    const cpus = (of: 'min' | 'max') =>
      sizesOf(config).reduce((sum, { cpu, tasks }) => sum + (cpu / 1024) * tasks[of], 0);
    const [least, most] = [2 * cpus('min'), cpus('max')];
    if (quota < least)
      return fail(
        `${what}: ${quota}`,
        `Ask for ${Math.ceil(Math.max(least, most))}: a deployment needs ${least}`,
      );
    if (quota < most)
      return warn(
        `${what}: ${quota}`,
        `Ask for ${Math.ceil(most)}: scaling out ends before the configured maximum of tasks`,
      );
    return fine(`${what}: ${quota}, of which ${most} may be used`);
  });
};

/** The VPC and the balancer of a first deployment; of one that is there they are counted among those in use. */
export const networks: Check = async (account, { name }) => {
  const [vpcs, quotas] = await Promise.all([
    account.ask('ec2', 'describe-vpcs'),
    account.ask('service-quotas', 'list-service-quotas', { ServiceCode: 'vpc' }),
  ]);
  if (!vpcs.ok) return [unseen('VPCs', vpcs.error)];
  return answered(quotas, 'VPCs per Region', (answer) => {
    const quota = named(answer, 'VPCs per Region') ?? 5;
    const there = vpcs.value.at('Vpcs').list;
    const ours = there.some((vpc) =>
      vpc.at('Tags').list.some((tag) => tag.at('Key').text === 'restante' && tag.at('Value').text === name),
    );
    if (!ours && there.length >= quota)
      return fail(
        `${there.length} VPCs of ${quota}`,
        'Ask for more (quota "VPCs per Region"), or delete one that nobody uses',
      );
    return fine(`${there.length} VPCs of ${quota}${ours ? ', ours among them' : ''}`);
  });
};

/** Zones in which the subnets can lie. */
export const zones: Check = async (account, { network }) => {
  const asked = await account.ask('ec2', 'describe-availability-zones');
  return answered(asked, 'zones', (answer) => {
    const usable = answer
      .at('AvailabilityZones')
      .list.filter(
        (zone) => zone.at('State').text === 'available' && zone.at('ZoneType').text === 'availability-zone',
      );
    return usable.length < network.zones
      ? fail(
          `${usable.length} zones for this account here`,
          `Set \`network.zones\` to ${usable.length}, or take another region`,
        )
      : fine(`${usable.length} zones, of which ${network.zones} are used`);
  });
};

export const valkey: Check = async (account, { features, name }) => {
  if (!features.valkey) return [];
  const asked = await account.ask('elasticache', 'describe-serverless-caches');
  return answered(asked, 'Valkey', (answer) => {
    const cache = answer
      .at('ServerlessCaches')
      .list.find((one) => one.at('ServerlessCacheName').text === `${name}-notifier`);
    const status = cache?.at('Status').text;
    if (cache === undefined) return fine('ElastiCache serverless can be asked here');
    return status === 'available'
      ? fine(`Valkey ${name}-notifier is there`)
      : warn(`Valkey ${name}-notifier is ${status}`, 'Wait until it is available, or until it is gone');
  });
};
