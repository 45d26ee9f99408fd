import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import {
  type ClientOptions,
  createBucketClient,
  createTableClient,
} from '../../shared/adapters/aws/clients.ts';
import type { TableDefinition } from './store-definition.ts';
import { createBucket, createTable, type Setting, storeDefinition } from './template-store.ts';

/**
 * What stands in for the AWS services: addresses, and the names of two empty tables and a bucket, made as the synthesised template of the
 * data stack defines them.
 */
export interface AwsEmulators {
  readonly tables: Required<Pick<ClientOptions, 'region' | 'endpoint' | 'credentials'>>;
  readonly objects: Required<Pick<ClientOptions, 'region' | 'endpoint' | 'credentials'>>;
  readonly logTable: string;
  readonly directoryTable: string;
  readonly bucket: string;
  /** What the template sets and these do not know. */
  readonly unknownSettings: ReadonlySet<Setting>;
  /** An empty directory table more. */
  newDirectoryTable(): Promise<string>;
  stop(): Promise<void>;
}

/** s3rver knows these, and whatever stands in its place must. */
export const credentials = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };
const region = 'us-east-1';

/** Where a test run has real emulators up already (test/aws/run.ts), their addresses. */
export const tablesEndpointVariable = 'RESTANTE_TEST_DYNAMODB';
export const objectsEndpointVariable = 'RESTANTE_TEST_S3';
/** A Valkey or Redis server; tests that need one are skipped without. */
export const valkeyVariable = 'RESTANTE_TEST_VALKEY';
export const valkeyClusterVariable = 'RESTANTE_TEST_VALKEY_CLUSTER';
/** `aws`: engines that ask for no folder of their own are over the AWS adapters, on what stands in for the services. */
export const storeVariable = 'RESTANTE_TEST_STORE';

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
  const definition = storeDefinition();
  const unknownSettings = new Set<Setting>();
  const create = async (what: string, table: TableDefinition): Promise<string> => {
    const created = name(what);
    for (const setting of await createTable(client, created, table)) unknownSettings.add(setting);
    return created;
  };
  const bucket = name('mail');
  const bucketClient = createBucketClient(objects);
  open.defer(() => bucketClient.destroy());
  for (const setting of await createBucket(bucketClient, bucket, definition.bucket))
    unknownSettings.add(setting);
  const emulators = {
    tables,
    objects,
    logTable: await create('log', definition.log),
    directoryTable: await create('directory', definition.directory),
    bucket,
    unknownSettings,
    newDirectoryTable: () => create('directory', definition.directory),
  };
  const held = open.move();
  return { ...emulators, stop: () => held.disposeAsync() };
}

/** Dynoxide has no port of its own choice: a free one is found for it, again where another process was quicker. */
async function startTables(open: AsyncDisposableStack): Promise<string> {
  const binary = tablesProgram();
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

/** An optional dependency, since npm would install nothing at all elsewhere. */
function tablesProgram(): string {
  try {
    return createRequire(import.meta.url).resolve('@dynoxide/linux-x64/dynoxide');
  } catch (cause) {
    throw new Error(
      `dynoxide is there for Linux on x64 only: ${tablesEndpointVariable} names another emulator of DynamoDB`,
      {
        cause,
      },
    );
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

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function startObjects(open: AsyncDisposableStack): Promise<string> {
  const S3rver = createRequire(import.meta.url)('s3rver');
  // In memory where the system has such a folder: s3rver writes three files an object.
  const parent = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const directory = await mkdtemp(join(parent, 'restante-s3-'));
  open.defer(() => rm(directory, { recursive: true, force: true }));
  const emulator = new S3rver({ address: '127.0.0.1', port: 0, silent: true, directory });
  mend(emulator.store);
  emulator.middleware.unshift(onlyNew());
  const { port }: AddressInfo = await emulator.run();
  // Node.js closes what was quiet for five seconds, whether a request is on its way or not; clients of it repeat nothing by themselves.
  (emulator.httpServer as Server).keepAliveTimeout = 0;
  open.defer(async () => {
    (emulator.httpServer as Server).closeAllConnections();
    await emulator.close();
  });
  return `http://127.0.0.1:${port}`;
}

interface FoundObject {
  readonly size: number;
  content: unknown;
  range?: { readonly start: number; readonly end: number };
}

interface ObjectStore {
  getObject(
    bucket: string,
    key: string,
    range?: { start?: number; end?: unknown },
  ): Promise<FoundObject | null>;
  listObjects(bucket: string, options: unknown): Promise<{ isTruncated: boolean }>;
}

interface RequestContext {
  readonly method: string;
  readonly path: string;
  status: number;
  type: string;
  body: string;
  get(header: string): string;
}

/**
 * `If-None-Match: *`, which s3rver does not know: what was put so once is not put so again. Who comes while another puts waits for that: where
 * it is said that something is there, it can be read.
 */
function onlyNew() {
  const puts = new Map<string, Promise<boolean>>();
  return async (context: RequestContext, next: () => Promise<void>): Promise<void> => {
    const { method, path } = context;
    if (method === 'DELETE') puts.delete(path);
    if (method !== 'PUT' || context.get('if-none-match') !== '*') return await next();
    for (let earlier = puts.get(path); earlier; earlier = puts.get(path)) {
      if (await earlier) {
        context.status = 412;
        context.type = 'application/xml';
        context.body = '<Error><Code>PreconditionFailed</Code><Message>it is there</Message></Error>';
        return;
      }
      if (puts.get(path) === earlier) puts.delete(path);
    }
    const put = Promise.withResolvers<boolean>();
    puts.set(path, put.promise);
    try {
      await next();
    } finally {
      put.resolve(context.status === 200);
    }
  };
}

/** What of s3rver is otherwise in S3. */
function mend(store: ObjectStore): void {
  const getObject = store.getObject.bind(store);
  const listObjects = store.listObjects.bind(store);
  // It takes `bytes=0-0` for all bytes, and promises a byte of an object that has none.
  store.getObject = async (bucket, key, range) => {
    // An object is no false value, and counts as the number that it holds.
    const asked = range?.end === 0 ? { ...range, end: Object(0) } : range;
    const found = await getObject(bucket, key, asked);
    if (found && range?.start !== undefined && found.size === 0) {
      (found.content as { destroy(): void } | null)?.destroy();
      found.range ??= { start: 0, end: 0 };
      found.content = null;
    }
    return found;
  };
  // It makes tokens for the next page with a cipher that OpenSSL has given up; pages here begin after a key.
  store.listObjects = async (bucket, options) => ({
    ...(await listObjects(bucket, options)),
    isTruncated: false,
  });
}
