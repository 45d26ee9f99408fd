/**
 * `npm run test:aws`: the tests of the AWS adapters once more, on what is stricter than the emulators of `npm test`: Amazon's
 * DynamoDB Local (Maven, Java), versitygw (Go) and redis-server, alone and as a cluster. Installs what it needs beneath
 * node_modules; exits with the tests' code.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { glob } from 'node:fs/promises';
import {
  objectsEndpointVariable,
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

const testsMs = 10 * 60_000;

async function main(): Promise<number> {
  const [tables, gateway] = await Promise.all([installDynamoDbLocal(), installVersityGateway()]);
  await using open = new AsyncDisposableStack();
  const env = {
    ...process.env,
    [tablesEndpointVariable]: await startDynamoDbLocal(open, tables),
    [objectsEndpointVariable]: await startVersityGateway(open, gateway),
    [valkeyVariable]: `redis://127.0.0.1:${await startRedis(open)}`,
    [valkeyClusterVariable]: `redis+cluster://127.0.0.1:${await startRedisCluster(open)}`,
  };
  const files: string[] = [];
  for await (const file of glob(['test/adapters/aws*.test.ts', 'test/aws/*.test.ts'])) files.push(file);
  const child = spawn(process.execPath, ['--test', ...files.sort()], {
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: testsMs,
  });
  const [code] = await once(child, 'exit');
  return code ?? 1;
}

process.exitCode = await main();
