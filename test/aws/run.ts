/**
 * `npm run test:aws [-- PART…]`: the product over the AWS adapters, on what is stricter than the emulators of `npm test`: Amazon's
 * DynamoDB Local (Maven, Java), versitygw (Go) and redis-server, alone and as a cluster. Installs what it needs beneath node_modules.
 *
 *     adapters   contract suites, faults from a seed, the services as processes on one account
 *     protocols  the transcripts and tests of IMAP and POP3, engine and servers over the AWS adapters
 *     clients    Debian's mail clients, as in `npm run test:clients`
 *     crash      six kills under load, as in `npm run test:crash`; the emulators stay up
 *
 * All of them unless some are named. Every part runs; exit code 1 where one failed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { glob } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  objectsEndpointVariable,
  storeVariable,
  tablesEndpointVariable,
  valkeyClusterVariable,
  valkeyVariable,
} from '../support/aws-emulators.ts';
import { installDynamoDbLocal, installVersityGateway } from './emulators/install.ts';
import {
  startDynamoDbLocal,
  startRedis,
  startRedisCluster,
  startVersityGateway,
} from './emulators/servers.ts';

const partMs = 10 * 60_000;

interface Part {
  readonly args: () => Promise<readonly string[]> | readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const program = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const tests = async (...patterns: string[]): Promise<readonly string[]> => {
  const files: string[] = [];
  for await (const file of glob(patterns)) files.push(file);
  // What is waited for and never comes ends by this limit: no test here takes a tenth of it.
  return ['--test', '--test-timeout=180000', ...files.sort()];
};

const parts: Readonly<Record<string, Part>> = {
  adapters: {
    args: () => tests('test/adapters/aws*.test.ts', 'test/aws/*.test.ts'),
    env: { RESTANTE_TEST_SEEDS: '3' },
  },
  protocols: {
    args: () => tests('test/imap/*.test.ts', 'test/pop3/*.test.ts'),
    env: { [storeVariable]: 'aws' },
  },
  clients: { args: () => [program('../clients/run.ts'), '--store', 'aws'] },
  crash: { args: () => [program('../crash/run.ts'), '--store', 'aws', '--rounds', '6'] },
};

async function run(name: string, { args, env }: Part, emulators: NodeJS.ProcessEnv): Promise<boolean> {
  const start = performance.now();
  const child = spawn(process.execPath, await args(), {
    env: { ...emulators, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: partMs,
  });
  const [code] = await once(child, 'exit');
  const seconds = Math.round((performance.now() - start) / 1000);
  console.log(`test:aws: ${name} ${code === 0 ? 'passed' : 'FAILED'}, ${seconds} s`);
  return code === 0;
}

async function main(wanted: readonly string[]): Promise<number> {
  const unknown = wanted.filter((name) => !(name in parts));
  if (unknown.length > 0) {
    console.error(`no such part: ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}`);
    return 2;
  }
  const [tables, gateway] = await Promise.all([installDynamoDbLocal(), installVersityGateway()]);
  await using open = new AsyncDisposableStack();
  const emulators = {
    ...process.env,
    [tablesEndpointVariable]: await startDynamoDbLocal(open, tables),
    [objectsEndpointVariable]: await startVersityGateway(open, gateway),
    [valkeyVariable]: `redis://127.0.0.1:${await startRedis(open)}`,
    [valkeyClusterVariable]: `redis+cluster://127.0.0.1:${await startRedisCluster(open)}`,
  };
  let passed = true;
  for (const [name, part] of Object.entries(parts))
    if (wanted.length === 0 || wanted.includes(name)) passed = (await run(name, part, emulators)) && passed;
  return passed ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
