import { type AwsStore, openAwsStore } from '../../shared/adapters/aws/store.ts';
import { ByteCache } from '../../shared/engine/byte-cache.ts';
import { MailEngine } from '../../shared/engine/engine.ts';
import { systemEntropy } from '../../shared/ids.ts';
import { type Log, openLog } from '../../shared/telemetry/log.ts';

/** What the infrastructure tells every service; `infra/task-environment.ts` sets these names. */
const names = ['RESTANTE_LOG_TABLE', 'RESTANTE_DIRECTORY_TABLE', 'RESTANTE_BUCKET'] as const;

type Environment = Readonly<Record<string, string | undefined>>;

/** An item of a table holds this much of an entry at most; the rest goes to a spill object. */
const inlineBytes = 16 * 1024;
/** As long as backups of the table go back. */
const replacedLifetime = 35 * 24 * 3600 * 1000;
const frameCacheBytes = 64 * 1024 * 1024;

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
  });
  return { store, log: openLog({ level: 'info', to: process.stdout }) };
}

export function engineOnAws(store: AwsStore, log: Log): MailEngine {
  return new MailEngine({
    log: store.log,
    blobs: store.blobs,
    leases: store.leases,
    notifier: store.notifier,
    entropy: systemEntropy,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    frames: new ByteCache(frameCacheBytes),
    inlineBytes,
    replacedLifetime,
    onError: (what, account, cause) =>
      what === 'compaction'
        ? log.error({ event: 'account.compactionFailed', account }, cause)
        : log.with({ account }).error({ event: 'account.unavailable' }, cause),
  });
}
