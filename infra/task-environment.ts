import type { Construct } from 'constructs';
import type { Config } from './config.ts';
import { told } from './parameters.ts';

/** Where the mail is, as `restante serve` and every Lambda read it. */
export function storeEnvironment(scope: Construct, config: Config): Record<string, string> {
  return {
    RESTANTE_STORE: 'aws',
    RESTANTE_LOG_TABLE: told(scope, config, 'data/log-table'),
    RESTANTE_DIRECTORY_TABLE: told(scope, config, 'data/directory-table'),
    RESTANTE_BUCKET: told(scope, config, 'data/bucket'),
  };
}

/** Of what accepts forwarding to addresses elsewhere, takes mail for them in, or sends it. */
export const forwardingEnvironment = ({ features }: Config): Record<string, string> =>
  features.forwardOutside ? { RESTANTE_FORWARD_OUTSIDE: 'true' } : {};

/** The one folder of a task that can be written to. */
export const taskFolder = '/restante/data';

/** What a task is told of the world, ports aside. */
export function dataEnvironment(scope: Construct, config: Config): Record<string, string> {
  return {
    ...storeEnvironment(scope, config),
    RESTANTE_HOST: '0.0.0.0',
    // A volume of the task's own: the certificate is all that is written there.
    RESTANTE_DATA: taskFolder,
    RESTANTE_HOSTNAME: config.hostname,
    RESTANTE_NO_DEMO: 'true',
    RESTANTE_TLS_SECRET: told(scope, config, 'data/certificate-secret-arn'),
    // Whoever reaches the ports of a task is the balancer: its security group admits nobody else.
    RESTANTE_PROXY_PROTOCOL: config.network.cidr,
    // Where a task is stopped before the balancer has taken it out, its health check must fail often enough first. With that, the
    // farewells and some seconds for what the store is at, a task is done within its stop timeout.
    RESTANTE_NOTICE_SECONDS: '35',
    RESTANTE_DRAIN_SECONDS: '60',
    // Tasks do maintenance too: by the same rules as the function.
    RESTANTE_RETENTION: `${config.retention.expungedDays}d`,
    RESTANTE_TRASH_RETENTION: `${config.retention.trashDays}d`,
    RESTANTE_JUNK_RETENTION: `${config.retention.junkDays}d`,
    RESTANTE_NOTICE_LANGUAGE: config.noticeLanguage,
    RESTANTE_SMART_HOST: `ses://${config.region}`,
    ...valkeyEnvironment(scope, config),
  };
}

/** Where news and leases go, for tasks and functions alike; nothing without Valkey. */
export const valkeyEnvironment = (scope: Construct, config: Config): Record<string, string> =>
  config.features.valkey
    ? { RESTANTE_VALKEY: `rediss+cluster://${told(scope, config, 'network/valkey-endpoint')}:6379` }
    : {};
