import { type AwsStore, openAwsStore } from '../../shared/adapters/aws/store.ts';
import type { MailEngine } from '../../shared/engine/engine.ts';
import { type Log, openLog } from '../../shared/telemetry/log.ts';
import { createEngine } from '../local/assemble.ts';

/** What the infrastructure tells every service; `infra/task-environment.ts` sets these names. */
const names = ['RESTANTE_LOG_TABLE', 'RESTANTE_DIRECTORY_TABLE', 'RESTANTE_BUCKET'] as const;

type Environment = Readonly<Record<string, string | undefined>>;

/** The store of a Lambda function. Throws, naming them, where variables are missing. */
export async function storeFromEnvironment(
  env: Environment,
): Promise<{ readonly store: AwsStore; readonly log: Log }> {
  const missing = names.filter((name) => !env[name]);
  if (missing.length > 0) throw new Error(`missing environment: ${missing.join(', ')}`);
  const store = await openAwsStore({
    logTable: env.RESTANTE_LOG_TABLE!,
    directoryTable: env.RESTANTE_DIRECTORY_TABLE!,
    bucket: env.RESTANTE_BUCKET!,
    region: env.AWS_REGION,
    tableEndpoint: env.RESTANTE_ENDPOINT_URL || undefined,
    bucketEndpoint: env.RESTANTE_S3_ENDPOINT_URL || env.RESTANTE_ENDPOINT_URL || undefined,
    valkey: env.RESTANTE_VALKEY || undefined,
    process: 'function',
  });
  return { store, log: openLog({ level: 'info', to: process.stdout }) };
}

/** Whether accounts' mail may go on to domains of others: the tasks send it, by the same variable. */
export const forwardsOutside = (env: Environment): boolean => env.RESTANTE_FORWARD_OUTSIDE === 'true';

export const engineOnAws = (store: AwsStore, log: Log): MailEngine =>
  createEngine({ kind: 'aws', ...store }, (what, account, cause) =>
    what === 'compaction'
      ? log.error({ event: 'account.compactionFailed', account }, cause)
      : log.with({ account }).error({ event: 'account.unavailable' }, cause),
  );
