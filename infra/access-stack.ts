import { Annotations, CfnOutput, Fn, Stack, type StackProps } from 'aws-cdk-lib';
import { type ISecurityGroup, type ISubnet, type IVpc, SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Cluster, ContainerInsights } from 'aws-cdk-lib/aws-ecs';
import { NetworkLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { ARecord, HostedZone, RecordTarget } from 'aws-cdk-lib/aws-route53';
import { LoadBalancerTarget } from 'aws-cdk-lib/aws-route53-targets';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import type { Config, TaskSize } from './config.ts';
import { MailService } from './mail-service.ts';
import { zonesOf } from './network-stack.ts';
import { tell, told } from './parameters.ts';
import { exposedPorts, type ServiceName } from './ports.ts';

export interface AccessStackProps extends StackProps {
  readonly config: Config;
}

/** The network as the stacks after it see it. */
export interface Network {
  readonly vpc: IVpc;
  readonly balancerSubnets: readonly ISubnet[];
  readonly taskSubnets: readonly ISubnet[];
  readonly balancerGroup: ISecurityGroup;
  readonly taskGroup: ISecurityGroup;
}

/** What mail clients talk to: the balancer and the tasks behind it. All of it can be thrown away and made again. */
export class AccessStack extends Stack {
  constructor(scope: Construct, id: string, { config, ...props }: AccessStackProps) {
    super(scope, id, props);
    const network = networkOf(this, config);
    const balancer = new NetworkLoadBalancer(this, 'Balancer', {
      vpc: network.vpc,
      vpcSubnets: { subnets: [...network.balancerSubnets] },
      internetFacing: true,
      crossZoneEnabled: true,
      securityGroups: [network.balancerGroup],
    });
    acknowledge(
      balancer,
      'ELB2',
      undefined,
      'Access logs of a balancer exist for TLS listeners only; TLS ends in the task, which logs every connection.',
    );
    const cluster = new Cluster(this, 'Cluster', {
      vpc: network.vpc,
      containerInsightsV2: ContainerInsights.DISABLED,
    });
    acknowledge(
      cluster,
      'ECS4',
      undefined,
      'Priced by the metric, for figures that nothing here looks at: alarms, scaling and dashboard use those of the service itself and of its log.',
    );
    const exposed = exposedPorts(config);
    for (const { id, services, size } of deployables(config)) {
      const ports = exposed.filter(({ service }) => services.includes(service));
      if (ports.length > 0) new MailService(this, id, { config, cluster, balancer, network, ports, size });
    }

    if (config.hostedZone) {
      const { id: hostedZoneId, name: zoneName } = config.hostedZone;
      const zone = HostedZone.fromHostedZoneAttributes(this, 'Zone', { hostedZoneId, zoneName });
      new ARecord(this, 'Name', {
        zone,
        recordName: `${config.hostname}.`,
        target: RecordTarget.fromAlias(new LoadBalancerTarget(balancer)),
        comment: 'Where mail clients connect',
      });
    } else
      new CfnOutput(this, 'DnsRecord', {
        value: `${config.hostname}. CNAME ${balancer.loadBalancerDnsName}.`,
        description: 'Set this record where the domain of the host name is kept',
      });
    tell(this, config, 'access/cluster-name', cluster.clusterName);
    tell(this, config, 'access/balancer-full-name', balancer.loadBalancerFullName);
    new CfnOutput(this, 'NextStep', {
      value: `openssl s_client -connect ${config.hostname}:993 -brief`,
      description: 'Shows the certificate: self-signed until the first one was issued',
    });
  }
}

/** The services that run together in one task, and how large that is. */
function deployables({ services: chosen, features }: Config): readonly {
  readonly id: string;
  readonly services: readonly ServiceName[];
  readonly size: TaskSize;
}[] {
  if (chosen.profile === 'small')
    return [{ id: 'Mail', services: ['imap', 'pop3', 'submission', 'inbound'], size: chosen.all }];
  return [
    { id: 'Imap', services: ['imap'], size: chosen.imap },
    { id: 'Pop3', services: ['pop3'], size: chosen.pop3 },
    { id: 'Submission', services: ['submission'], size: chosen.submission },
    ...(features.ownMx ? [{ id: 'Inbound', services: ['inbound'] as const, size: chosen.submission }] : []),
  ];
}

export function networkOf(scope: Construct, config: Config): Network {
  const zones = config.network.zones;
  const vpc = Vpc.fromVpcAttributes(scope, 'Vpc', {
    vpcId: told(scope, config, 'network/vpc-id'),
    availabilityZones: zonesOf(config),
    publicSubnetIds: split(told(scope, config, 'network/public-subnet-ids'), zones),
    ...(config.features.privateSubnets && {
      isolatedSubnetIds: split(told(scope, config, 'network/private-subnet-ids'), zones),
    }),
  });
  Annotations.of(scope).acknowledgeWarning(
    '@aws-cdk/aws-ec2:noSubnetRouteTableId',
    'Nothing here adds a route: the network stack has made them all.',
  );
  const group = (id: string, key: 'network/balancer-group-id' | 'network/task-group-id') =>
    SecurityGroup.fromSecurityGroupId(scope, id, told(scope, config, key), { mutable: false });
  return {
    vpc,
    balancerSubnets: vpc.publicSubnets,
    taskSubnets: config.features.privateSubnets ? vpc.isolatedSubnets : vpc.publicSubnets,
    balancerGroup: group('BalancerGroup', 'network/balancer-group-id'),
    taskGroup: group('TaskGroup', 'network/task-group-id'),
  };
}

/** Several values that were told as one. */
const split = (joined: string, count: number): string[] => Fn.split(',', joined, count);
