import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, type DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import {
  type ClientOptions,
  createBucketClient,
  createTableClient,
} from '../../shared/adapters/aws/clients.ts';
import { createTableInput, directoryTable, logTable } from '../../shared/adapters/aws/tables.ts';

/** What stands in for the AWS services: addresses, and the names of two empty tables and a bucket. */
export interface AwsEmulators {
  readonly tables: Required<Pick<ClientOptions, 'region' | 'endpoint' | 'credentials'>>;
  readonly objects: Required<Pick<ClientOptions, 'region' | 'endpoint' | 'credentials'>>;
  readonly logTable: string;
  readonly directoryTable: string;
  readonly bucket: string;
  /** An empty directory table more. */
  newDirectoryTable(): Promise<string>;
  stop(): Promise<void>;
}

const credentials = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };
const region = 'us-east-1';

/** Where a test run has real emulators up already (test/aws/run.ts), their addresses. */
export const tablesEndpointVariable = 'RESTANTE_TEST_DYNAMODB';
export const objectsEndpointVariable = 'RESTANTE_TEST_S3';

/** Dynoxide and s3rver, or what the environment names in their place, with tables and a bucket of their own. */
export async function startAwsEmulators(): Promise<AwsEmulators> {
  await using open = new AsyncDisposableStack();
  const at = async (variable: string, start: () => Promise<string>) => ({
    region,
    credentials,
    endpoint: process.env[variable] || (await start()),
  });
  const tables = await at(tablesEndpointVariable, () => startTables(open));
  const objects = await at(objectsEndpointVariable, () => startObjects(open));
  const name = (what: string): string => `restante-${what}-${randomBytes(6).toString('hex')}`;
  const client = createTableClient(tables);
  open.defer(() => client.destroy());
  const create = async (what: string, definition: typeof logTable): Promise<string> => {
    const table = name(what);
    await client.send(new CreateTableCommand(createTableInput(table, definition)));
    return table;
  };
  const bucket = name('mail');
  const bucketClient = createBucketClient(objects);
  await bucketClient.send(new CreateBucketCommand({ Bucket: bucket }));
  bucketClient.destroy();
  const emulators = {
    tables,
    objects,
    logTable: await create('log', logTable),
    directoryTable: await create('directory', directoryTable),
    bucket,
    newDirectoryTable: () => create('directory', directoryTable),
  };
  const held = open.move();
  return { ...emulators, stop: () => held.disposeAsync() };
}

/** Dynoxide has no port of its own choice: a free one is found for it, again where another process was quicker. */
async function startTables(open: AsyncDisposableStack): Promise<string> {
  const binary = createRequire(import.meta.url).resolve('@dynoxide/linux-x64/dynoxide');
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const child = spawn(binary, ['serve', '--host', '127.0.0.1', '--port', String(port)], {
      stdio: 'ignore',
    });
    const endpoint = `http://127.0.0.1:${port}`;
    if (await isUp(child, createTableClient({ region, credentials, endpoint }))) {
      open.defer(() => ended(child));
      return endpoint;
    }
    await ended(child);
    if (attempt === 5) throw new Error('dynoxide does not start');
  }
}

async function isUp(child: ChildProcess, client: DynamoDBClient): Promise<boolean> {
  try {
    for (let tries = 0; tries < 400 && child.exitCode === null; tries++) {
      try {
        await client.send(new ListTablesCommand());
        return true;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 15));
      }
    }
    return false;
  } finally {
    client.destroy();
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function startObjects(open: AsyncDisposableStack): Promise<string> {
  const S3rver = createRequire(import.meta.url)('s3rver');
  const directory = await mkdtemp(join(tmpdir(), 'restante-s3-'));
  open.defer(() => rm(directory, { recursive: true, force: true }));
  const emulator = new S3rver({ address: '127.0.0.1', port: 0, silent: true, directory });
  const { port }: AddressInfo = await emulator.run();
  open.defer(async () => {
    (emulator.httpServer as Server).closeAllConnections();
    await emulator.close();
  });
  return `http://127.0.0.1:${port}`;
}
