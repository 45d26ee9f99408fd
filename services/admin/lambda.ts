/** The Lambda function behind the admin API: here the adapters are chosen and the environment is read. */
import { handle } from 'hono/aws-lambda';
import { secretReader } from '../../shared/adapters/aws/secret.ts';
import { createPasswordHasher } from '../../shared/directory/password-hasher.ts';
import { createProvisioning } from '../../shared/directory/provisioning.ts';
import { systemEntropy } from '../../shared/ids.ts';
import type { Log } from '../../shared/telemetry/log.ts';
import { engineOnAws, forwardsOutside, storeFromEnvironment } from '../serverless/environment.ts';
import { createAdminApp } from './api/app.ts';
import { KeyRing } from './api/key-ring.ts';

function named(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`missing environment: ${name}`);
  return value;
}

interface Started {
  readonly answer: ReturnType<typeof handle>;
  /** Takes the key of the secret, which somebody may have put there since, and ends the one before. */
  readonly adopt: () => Promise<void>;
  readonly log: Log;
}

/** How long a key may go on after another was put in its place, ms. */
const adoptEvery = 5 * 60_000;

async function start(): Promise<Started> {
  const secret = named('RESTANTE_ADMIN_KEY_SECRET');
  // All that is sent goes out by SES.
  const hosts = {
    hostname: named('RESTANTE_HOSTNAME'),
    mx: named('RESTANTE_MX'),
    spf: 'include:amazonses.com',
  };
  const { store, log } = await storeFromEnvironment(process.env);
  const read = await secretReader(secret);
  const keys = new KeyRing(store.adminRecords, systemEntropy);
  // Made by the deployment before there was anybody to ask for one.
  const adopt = async (): Promise<void> => {
    const token = await read();
    if (token === undefined || !(await keys.adopt(token.trim())))
      throw new Error('the secret of the first key does not hold one');
  };
  await adopt();
  const engine = engineOnAws(store, log);
  const provisioning = createProvisioning({
    directory: store.directory,
    hasher: createPasswordHasher(),
    forwardOutside: forwardsOutside(process.env),
  });
  const data = { engine, provisioning, store: { kind: 'aws' as const, ...store } };
  const version = process.env.RESTANTE_VERSION ?? 'unknown';
  return { answer: handle(createAdminApp({ data, hosts, version, log })), adopt, log };
}

let started: Promise<Started> | undefined;
let adoptedAt = 0;

/** Starts once for each container; one that could not start is tried again by the next request. */
export const handler: ReturnType<typeof handle> = async (event, context) => {
  const now = Date.now();
  try {
    const looksAgain = started !== undefined && now - adoptedAt > adoptEvery;
    started ??= start();
    const { answer, adopt, log } = await started;
    // What is known goes on where the secret does not answer just now.
    if (looksAgain) await adopt().catch((cause) => log.error({ event: 'admin.keyUnread' }, cause));
    if (looksAgain || adoptedAt === 0) adoptedAt = now;
    return await answer(event, context);
  } catch (cause) {
    started = undefined;
    throw cause;
  }
};
