import { App, Tags, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { AccessStack } from './access-stack.ts';
import { AdminStack } from './admin-stack.ts';
import { type Config, readConfig } from './config.ts';
import { DataStack } from './data-stack.ts';
import { ImageStack } from './image-stack.ts';
import { InboundStack } from './inbound-stack.ts';
import { MaintenanceStack } from './maintenance-stack.ts';
import { NetworkStack } from './network-stack.ts';
import { ObservabilityStack } from './observability-stack.ts';
import { priceList } from './prices.ts';

/** Every stack of an installation, in the order of deployment. What one tells another goes by name: see parameters.ts. */
export function installation(app: App, config: Config): void {
  const env = { region: config.region, ...(config.account !== undefined && { account: config.account }) };
  const named = (part: string) => `${config.name}-${part}`;
  const data = new DataStack(app, named('data'), { config, env, description: 'Restante: what holds mail' });
  const network = new NetworkStack(app, named('network'), {
    config,
    env,
    description: 'Restante: the network',
  });
  const access = new AccessStack(app, named('access'), {
    config,
    env,
    description: 'Restante: what clients talk to',
  });
  access.addStackDependency(data);
  access.addStackDependency(network);
  if (config.image.kind === 'codebuild')
    access.addStackDependency(
      new ImageStack(app, named('image'), { config, env, description: 'Restante: the container image' }),
    );
  const maintenance = new MaintenanceStack(app, named('maintenance'), {
    config,
    env,
    description: 'Restante: what runs by the clock',
  });
  maintenance.addStackDependency(data);
  if (config.features.valkey) maintenance.addStackDependency(network);
  const observability = new ObservabilityStack(app, named('observability'), {
    config,
    env,
    description: 'Restante: dashboard and alarms',
  });
  observability.addStackDependency(access);
  observability.addStackDependency(maintenance);
  if (config.features.adminApi) {
    const admin = new AdminStack(app, named('admin'), {
      config,
      env,
      description: 'Restante: the admin API',
    });
    admin.addStackDependency(data);
    observability.addStackDependency(admin);
  }
  if (!config.features.ownMx) {
    const inbound = new InboundStack(app, named('inbound'), {
      config,
      env,
      description: 'Restante: mail from SES',
    });
    inbound.addStackDependency(data);
    if (config.features.valkey) inbound.addStackDependency(network);
    observability.addStackDependency(inbound);
  }
  Tags.of(app).add('restante', config.name);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
}

if (import.meta.main) {
  const app = new App();
  const file = app.node.tryGetContext('config') ?? 'infra/examples/small.json';
  const config = readConfig(file);
  installation(app, config);
  app.synth();
  process.stderr.write(`\n${priceList(config)}\n`);
}
