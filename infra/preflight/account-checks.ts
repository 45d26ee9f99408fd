import type { Config } from '../config.ts';
import { answered, type Check, type Finding, fail, fine, isMissing, unseen, warn } from './finding.ts';

/** Who deploys, and where. Nothing else is asked where this fails. */
export const credentials: Check = async (account, { account: wanted, region }) => {
  const asked = await account.ask('sts', 'get-caller-identity');
  if (!asked.ok)
    return [
      fail(
        'credentials',
        `Sign in (\`aws configure\`, \`aws sso login\`) and try again: ${asked.error.message}`,
      ),
    ];
  const id = asked.value.at('Account').text;
  const arn = asked.value.at('Arn').text ?? '';
  if (wanted !== undefined && id !== wanted)
    return [
      fail(
        `credentials are of account ${id}`,
        `The configuration names ${wanted}: sign in there, or change \`account\``,
      ),
    ];
  if (arn.endsWith(':root'))
    return [
      warn(
        `credentials of the root user of ${id}`,
        'Use a role: the root user can do what no policy forbids',
      ),
    ];
  return [fine(`credentials: ${arn} in ${region}`)];
};

export const region: Check = async (account, { region }) => {
  const asked = await account.ask('ec2', 'describe-regions', { RegionNames: [region], AllRegions: true });
  return answered(asked, `region ${region}`, (answer) => {
    const status = answer.at('Regions').list[0]?.at('OptInStatus').text;
    return status === 'not-opted-in'
      ? fail(
          `region ${region} is not enabled`,
          'Enable it under Account, AWS Regions, and wait until it says so',
        )
      : fine(`region ${region} is enabled`);
  });
};

/** The version of the bootstrap's template that today's CDK asks of an environment. */
const bootstrapVersion = 6;

export const bootstrap: Check = async (account, { region }) => {
  const asked = await account.ask('ssm', 'get-parameter', { Name: '/cdk-bootstrap/hnb659fds/version' });
  const run = `npx cdk bootstrap aws://ACCOUNT/${region}`;
  if (!asked.ok)
    return [
      isMissing(asked.error)
        ? fail('CDK is not bootstrapped', `Run \`${run}\``)
        : unseen('CDK bootstrap', asked.error),
    ];
  const version = Number(asked.value.at('Parameter', 'Value').text);
  return [
    version >= bootstrapVersion
      ? fine(`CDK is bootstrapped, version ${version}`)
      : fail(
          `CDK's bootstrap is of version ${version}`,
          `Renew it to ${bootstrapVersion} or later: \`${run}\``,
        ),
  ];
};

const roles = (config: Config): readonly (readonly [role: string, service: string])[] => [
  ['AWSServiceRoleForECS', 'ecs.amazonaws.com'],
  ['AWSServiceRoleForApplicationAutoScaling_ECSService', 'ecs.application-autoscaling.amazonaws.com'],
  ['AWSServiceRoleForElasticLoadBalancing', 'elasticloadbalancing.amazonaws.com'],
  ...(config.features.valkey
    ? ([['AWSServiceRoleForElastiCache', 'elasticache.amazonaws.com']] as const)
    : []),
];

export const serviceRoles: Check = async (account, config) =>
  await Promise.all(
    roles(config).map(async ([role, service]): Promise<Finding> => {
      const asked = await account.ask('iam', 'get-role', { RoleName: role });
      if (asked.ok) return fine(`service-linked role ${role}`);
      return isMissing(asked.error)
        ? warn(
            `service-linked role ${role} is not there: the first deployment may fail for it`,
            `Run \`aws iam create-service-linked-role --aws-service-name ${service}\``,
          )
        : unseen(`service-linked role ${role}`, asked.error);
    }),
  );

/** Stacks of an installation of this name: none, or in a state from which they can be deployed. */
export const stacks: Check = async (account, { name }) => {
  const asked = await account.ask('cloudformation', 'describe-stacks');
  return answered(asked, 'stacks', (answer) => {
    const own = answer
      .at('Stacks')
      .list.filter((stack) => stack.at('StackName').text?.startsWith(`${name}-`));
    const stuck = own.filter((stack) =>
      /^ROLLBACK_(COMPLETE|FAILED)$|_FAILED$|_IN_PROGRESS$/.test(stack.at('StackStatus').text ?? ''),
    );
    if (stuck.length > 0)
      return stuck.map((stack): Finding => {
        const [named, status] = [stack.at('StackName').text, stack.at('StackStatus').text ?? ''];
        return fail(
          `stack ${named} is ${status}`,
          status.endsWith('_IN_PROGRESS')
            ? 'Wait until it has ended'
            : 'Its events say what failed; mend that, then delete the stack (ROLLBACK_COMPLETE) or roll it back',
        );
      });
    return fine(
      own.length === 0
        ? `no stack of the name ${name} yet`
        : `${own.length} stacks of ${name}, all can be deployed`,
    );
  });
};

export const image: Check = async (account, { image }) => {
  if (image.kind !== 'digest') return [];
  const asked = await account.ask('ecr', 'describe-images', {
    repositoryName: image.repository,
    imageIds: [{ imageDigest: image.digest }],
  });
  if (asked.ok) return [fine(`image ${image.digest.slice(0, 19)} is in ${image.repository}`)];
  return [
    isMissing(asked.error)
      ? fail(
          `image ${image.digest.slice(0, 19)} is not in ${image.repository}`,
          'Push it, and name the digest that the push printed',
        )
      : unseen('image', asked.error),
  ];
};
