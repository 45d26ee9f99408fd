import { Fn, Stack, type StackProps } from 'aws-cdk-lib';
import {
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpointAwsService,
  IpAddresses,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { CfnServerlessCache } from 'aws-cdk-lib/aws-elasticache';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import type { Config } from './config.ts';
import { tell } from './parameters.ts';
import { exposedPorts, healthPort } from './ports.ts';

/** What private tasks call, each behind an interface endpoint of its own; S3 and DynamoDB have free gateways. */
export const privateCalls = {
  EcrApi: InterfaceVpcEndpointAwsService.ECR,
  EcrDocker: InterfaceVpcEndpointAwsService.ECR_DOCKER,
  Logs: InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
  Secrets: InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
  Mail: InterfaceVpcEndpointAwsService.EMAIL,
} as const;

/** That of what writes, and that of its readers, which the cluster tells its clients of. */
const valkeyPorts = [6379, 6380];

/** The availability zones that an installation uses, by their place in the region's list. */
export const zonesOf = ({ network }: Config): string[] =>
  Array.from({ length: network.zones }, (_, i) => Fn.select(i, Fn.getAzs()));

const mostZones = 3;

export interface NetworkStackProps extends StackProps {
  readonly config: Config;
}

/** The VPC, who may talk to whom in it, and Valkey where it is wanted. No NAT: tasks have public addresses, or endpoints. */
export class NetworkStack extends Stack {
  constructor(scope: Construct, id: string, { config, ...props }: NetworkStackProps) {
    super(scope, id, { ...props, terminationProtection: config.mail === 'keep' });
    const isolated = config.features.privateSubnets || config.features.valkey;
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr(config.network.cidr),
      // By their place in the region's list: without the account's number no list could be asked for, and two would be all there are.
      availabilityZones: zonesOf(config),
      // A third zone that is added later must find its place free.
      reservedAzs: mostZones - config.network.zones,
      natGateways: 0,
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [
        { name: 'public', subnetType: SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false },
        ...(isolated ? [{ name: 'private', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 24 }] : []),
      ],
      gatewayEndpoints: {
        S3: { service: GatewayVpcEndpointAwsService.S3 },
        DynamoDb: { service: GatewayVpcEndpointAwsService.DYNAMODB },
      },
    });
    acknowledge(
      vpc,
      'VPC7',
      undefined,
      'The services log every connection with its address themselves; flow logs of mail clients would cost more than the mail.',
    );

    // A balancer that was made without a security group can never be given one.
    const balancer = new SecurityGroup(this, 'Balancer', {
      vpc,
      description: 'Mail clients to the balancer',
      allowAllOutbound: false,
    });
    const tasks = new SecurityGroup(this, 'Tasks', {
      vpc,
      description: 'The balancer to the tasks, and nobody else',
    });
    for (const { port, containerPort } of exposedPorts(config)) {
      for (const world of [Peer.anyIpv4(), Peer.anyIpv6()])
        balancer.addIngressRule(world, Port.tcp(port), 'Mail clients are anywhere');
      balancer.addEgressRule(tasks, Port.tcp(containerPort), 'To the tasks');
      tasks.addIngressRule(balancer, Port.tcp(containerPort), 'From the balancer');
    }
    balancer.addEgressRule(tasks, Port.tcp(healthPort), 'Health checks');
    tasks.addIngressRule(balancer, Port.tcp(healthPort), 'Health checks');
    acknowledge(
      balancer,
      'EC23',
      undefined,
      'Mail clients connect from anywhere in the world: that is the service.',
    );

    if (config.features.privateSubnets) this.#addEndpoints(vpc, tasks);
    if (config.features.valkey) this.#addValkey(config, vpc, tasks);

    const idsOf = (subnets: readonly { readonly subnetId: string }[]) =>
      Fn.join(
        ',',
        subnets.map(({ subnetId }) => subnetId),
      );
    tell(this, config, 'network/vpc-id', vpc.vpcId);
    tell(this, config, 'network/public-subnet-ids', idsOf(vpc.publicSubnets));
    if (isolated) tell(this, config, 'network/private-subnet-ids', idsOf(vpc.isolatedSubnets));
    tell(this, config, 'network/task-group-id', tasks.securityGroupId);
    tell(this, config, 'network/balancer-group-id', balancer.securityGroupId);
  }

  #addEndpoints(vpc: Vpc, tasks: SecurityGroup): void {
    const endpoints = new SecurityGroup(this, 'Endpoints', {
      vpc,
      description: 'Tasks to the endpoints of AWS services',
      allowAllOutbound: false,
    });
    endpoints.addIngressRule(tasks, Port.tcp(443), 'From the tasks');
    for (const [name, service] of Object.entries(privateCalls))
      vpc.addInterfaceEndpoint(name, {
        service,
        securityGroups: [endpoints],
        open: false,
        subnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
      });
  }

  #addValkey(config: Config, vpc: Vpc, tasks: SecurityGroup): void {
    const group = new SecurityGroup(this, 'ValkeyGroup', {
      vpc,
      description: 'Tasks and functions to Valkey',
      allowAllOutbound: false,
    });
    const functions = new SecurityGroup(this, 'Functions', {
      vpc,
      description: 'Functions that change accounts: nobody calls them here',
      allowAllOutbound: false,
    });
    for (const port of valkeyPorts) {
      group.addIngressRule(tasks, Port.tcp(port), 'From the tasks');
      group.addIngressRule(functions, Port.tcp(port), 'From the functions');
      functions.addEgressRule(group, Port.tcp(port), 'To Valkey');
    }
    // Their subnets have no other way out than the gateways of S3 and DynamoDB.
    functions.addEgressRule(Peer.anyIpv4(), Port.tcp(443), 'To S3 and DynamoDB');
    const cache = new CfnServerlessCache(this, 'Valkey', {
      serverlessCacheName: `${config.name}-notifier`,
      engine: 'valkey',
      majorEngineVersion: '8',
      description: 'Notifications and leases: nothing in it needs to be kept',
      securityGroupIds: [group.securityGroupId],
      subnetIds: vpc.isolatedSubnets.slice(0, 3).map(({ subnetId }) => subnetId),
      // A runaway client costs no more than this.
      cacheUsageLimits: {
        dataStorage: { unit: 'GB', maximum: 1 },
        ecpuPerSecond: { maximum: 50_000 },
      },
    });
    tell(this, config, 'network/valkey-endpoint', cache.attrEndpointAddress);
    tell(this, config, 'network/function-group-id', functions.securityGroupId);
  }
}
