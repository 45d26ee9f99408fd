/** The Lambda function behind the admin API: here the adapters are chosen and the environment is read. */
import { handle } from 'hono/aws-lambda';
import { secretReader } from '../../shared/adapters/aws/secret.ts';
import { createPasswordHasher } from '../../shared/directory/password-hasher.ts';
import { createProvisioning } from '../../shared/directory/provisioning.ts';
import { systemEntropy } from '../../shared/ids.ts';
import { engineOnAws, forwardsOutside, storeFromEnvironment } from '../serverless/environment.ts';
import { createAdminApp } from './api/app.ts';
import { KeyRing } from './api/key-ring.ts';

function named(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`missing environment: ${name}`);
  return value;
}

async function start(): Promise<ReturnType<typeof handle>> {
  const secret = named('RESTANTE_ADMIN_KEY_SECRET');
  // All that is sent goes out by SES.
  const hosts = {
    hostname: named('RESTANTE_HOSTNAME'),
    mx: named('RESTANTE_MX'),
    spf: 'include:amazonses.com',
  };
  const { store, log } = await storeFromEnvironment(process.env);
  const token = await (await secretReader(secret))();
  // Made by the deployment before there was anybody to ask for one.
  const keys = new KeyRing(store.adminRecords, systemEntropy);
  if (token === undefined || !(await keys.adopt(token.trim())))
    throw new Error('the secret of the first key does not hold one');
  const engine = engineOnAws(store, log);
  const provisioning = createProvisioning({
    directory: store.directory,
    hasher: createPasswordHasher(),
    forwardOutside: forwardsOutside(process.env),
  });
  const data = { engine, provisioning, store: { kind: 'aws' as const, ...store } };
  return handle(createAdminApp({ data, hosts, version: process.env.RESTANTE_VERSION ?? 'unknown', log }));
}

let started: ReturnType<typeof start> | undefined;

/** Once for each container; one that could not start is tried again by the next request. */
export const handler: ReturnType<typeof handle> = async (event, context) => {
  started ??= start();
  try {
    return await (await started)(event, context);
  } catch (cause) {
    started = undefined;
    throw cause;
  }
};
