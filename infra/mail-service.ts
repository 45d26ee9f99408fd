import { Duration, Stack } from 'aws-cdk-lib';
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import {
  type Cluster,
  ContainerImage,
  CpuArchitecture,
  FargateService,
  FargateTaskDefinition,
  LogDriver,
  OperatingSystemFamily,
  UlimitName,
} from 'aws-cdk-lib/aws-ecs';
import type { NetworkLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { NetworkTargetGroup, Protocol, TargetType } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { FilterPattern, LogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Network } from './access-stack.ts';
import { acknowledge } from './acknowledge.ts';
import type { Config, TaskSize } from './config.ts';
import { countFaults, ownMetrics } from './faults.ts';
import { grantCertificate, grantMail, grantSending } from './grants.ts';
import { tell, told } from './parameters.ts';
import { type ExposedPort, healthPort } from './ports.ts';
import { dataEnvironment, forwardingEnvironment, taskFolder } from './task-environment.ts';

export interface MailServiceProps {
  readonly config: Config;
  readonly cluster: Cluster;
  readonly balancer: NetworkLoadBalancer;
  readonly network: Network;
  readonly ports: readonly ExposedPort[];
  readonly size: TaskSize;
}

/** Longer than any client stays silent in IDLE; the servers say something every two minutes besides. */
const idleTimeout = Duration.seconds(3600);
/** From the moment a task is asked to go: clients stay on it so long, while new ones come to others. */
const deregistrationDelay = Duration.seconds(240);
/** Then SIGTERM, and this for the farewells (see `dataEnvironment`): the most that Fargate grants. */
const stopTimeout = Duration.seconds(120);

/** So many times the connections that more tasks are started for, a task takes before it refuses: those of another that is gone. */
const room = 2;

/** One Fargate service behind its listeners: tasks that can be replaced at any moment without a client losing mail. */
export class MailService extends Construct {
  constructor(scope: Construct, id: string, props: MailServiceProps) {
    super(scope, id);
    const { config, cluster, network } = props;
    const logs = new LogGroup(this, 'Logs', { retention: config.retention.logDays });
    const task = this.#task(props, logs);
    // No `desiredCount`: a deployment would set back what autoscaling has made of it, which also lifts a new service to its least.
    const service = new FargateService(this, 'Service', {
      cluster,
      taskDefinition: task,
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      circuitBreaker: { enable: true, rollback: true },
      vpcSubnets: { subnets: [...network.taskSubnets] },
      assignPublicIp: !config.features.privateSubnets,
      securityGroups: [network.taskGroup],
      healthCheckGracePeriod: Duration.seconds(60),
      enableExecuteCommand: false,
    });
    for (const port of props.ports) this.#listen(props, service, port);
    this.#scale(id, props, service, logs);
  }

  #task({ config, ports, size }: MailServiceProps, logs: LogGroup): FargateTaskDefinition {
    const task = new FargateTaskDefinition(this, 'Task', {
      cpu: size.cpu,
      memoryLimitMiB: size.memory,
      runtimePlatform: {
        cpuArchitecture: CpuArchitecture.ARM64,
        operatingSystemFamily: OperatingSystemFamily.LINUX,
      },
    });
    const open = new Map(ports.map(({ option, containerPort }) => [option, containerPort]));
    const listening = Object.fromEntries(
      ['imap', 'imaps', 'pop3', 'pop3s', 'smtp', 'lmtp', 'submission', 'submissions'].map((option) => [
        `RESTANTE_${option.toUpperCase()}`,
        String(open.get(option as ExposedPort['option']) ?? 'off'),
      ]),
    );
    const sends = ports.some(({ service }) => service === 'submission' || service === 'inbound');
    const container = task.addContainer('Restante', {
      image: imageOf(this, config, task),
      command: ['serve'],
      environment: {
        ...dataEnvironment(this, config),
        ...(sends && forwardingEnvironment(config)),
        ...listening,
        RESTANTE_HTTP: String(healthPort),
        // New tasks take a minute or two to come: what there is must not refuse anybody before.
        RESTANTE_MAX_CONNECTIONS: String(size.connectionsPerTask * room),
      },
      portMappings: [...ports.map(({ containerPort }) => ({ containerPort })), { containerPort: healthPort }],
      logging: LogDriver.awsLogs({ logGroup: logs, streamPrefix: 'mail' }),
      readonlyRootFilesystem: true,
      stopTimeout,
    });
    task.addVolume({ name: 'certificate' });
    container.addMountPoints({ sourceVolume: 'certificate', containerPath: taskFolder, readOnly: false });
    container.addUlimits({ name: UlimitName.NOFILE, softLimit: 65_536, hardLimit: 65_536 });
    grantMail(this, config, task.taskRole);
    grantCertificate(this, config, task.taskRole, 'read');
    if (sends) grantSending(task.taskRole);
    acknowledge(
      task,
      'ECS2',
      undefined,
      'What the environment holds are names of tables and ports; secrets are read from Secrets Manager.',
    );
    return task;
  }

  #listen(
    { config, balancer, network }: MailServiceProps,
    service: FargateService,
    exposed: ExposedPort,
  ): void {
    const { port, containerPort, option } = exposed;
    const group = new NetworkTargetGroup(this, `Targets ${option}`, {
      vpc: network.vpc,
      port: containerPort,
      protocol: Protocol.TCP,
      targetType: TargetType.IP,
      proxyProtocolV2: true,
      preserveClientIp: false,
      deregistrationDelay,
      connectionTermination: false,
      healthCheck: {
        protocol: Protocol.HTTP,
        port: String(healthPort),
        path: '/readyz',
        interval: Duration.seconds(10),
        healthyThresholdCount: 2,
        unhealthyThresholdCount: 3,
      },
      targets: [service.loadBalancerTarget({ containerName: 'Restante', containerPort })],
    });
    // A task that is slow for a moment keeps its clients: they would all come at once to the others.
    group.setAttribute('target_health_state.unhealthy.connection_termination.enabled', 'false');
    group.setAttribute('target_health_state.unhealthy.draining_interval_seconds', '300');
    // Beneath the stack: another profile has it from another service, by the same name.
    tell(Stack.of(this), config, `access/targets-${option}`, group.targetGroupFullName);
    balancer.addListener(`Listener ${option}`, {
      port,
      protocol: Protocol.TCP,
      tcpIdleTimeout: idleTimeout,
      defaultTargetGroups: [group],
    });
  }

  #scale(id: string, { config, size }: MailServiceProps, service: FargateService, logs: LogGroup): void {
    const scaling = service.autoScaleTaskCount({ minCapacity: size.tasks.min, maxCapacity: size.tasks.max });
    const cooldowns = { scaleOutCooldown: Duration.seconds(60), scaleInCooldown: Duration.minutes(15) };
    scaling.scaleOnCpuUtilization('Cpu', { targetUtilizationPercent: 60, ...cooldowns });
    const metricNamespace = ownMetrics(config);
    const metricName = `Connections${id}`;
    new MetricFilter(this, 'Connections', {
      logGroup: logs,
      metricNamespace,
      metricName,
      filterPattern: FilterPattern.stringValue('$.event', '=', 'process.load'),
      metricValue: '$.connections',
    });
    countFaults(this, config, logs);
    scaling.scaleToTrackCustomMetric('ConnectionsPerTask', {
      // Every task says its count once a minute: the average over what was said is the average over tasks.
      metric: new Metric({
        namespace: metricNamespace,
        metricName,
        statistic: Stats.AVERAGE,
        period: Duration.minutes(1),
      }),
      targetValue: size.connectionsPerTask,
      ...cooldowns,
    });
  }
}

function imageOf(scope: Construct, config: Config, task: FargateTaskDefinition): ContainerImage {
  const own = config.image.kind === 'codebuild' ? undefined : config.image;
  const name = own ? own.repository : told(scope, config, 'image/repository');
  const repository = Repository.fromRepositoryName(scope, 'Images', name);
  const role = task.obtainExecutionRole();
  repository.grantPull(role);
  acknowledge(role, 'IAM5', { kind: 'Resource', value: '*' }, 'ECR knows no resource for its sign-in token.');
  return ContainerImage.fromRegistry(
    own ? `${repository.repositoryUri}@${own.digest}` : told(scope, config, 'image/uri'),
  );
}
