import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { credentials, freePort } from '../../support/aws-emulators.ts';

/** What Java takes to begin on a busy machine, ms. */
const startMs = 60_000;
const pollMs = 50;

/** Amazon's DynamoDB Local in memory. Answers its address; it ends with `open`. */
export async function startDynamoDbLocal(open: AsyncDisposableStack, folder: string): Promise<string> {
  const port = await freePort();
  // It writes about itself into the folder that it is started in.
  const cwd = await temporaryFolder(open);
  await start(open, 'DynamoDB Local', port, { cwd }, 'java', [
    `-Djava.library.path=${folder}`,
    '-cp',
    join(folder, '*'),
    'com.amazonaws.services.dynamodbv2.local.main.ServerRunner',
    '-inMemory',
    '-disableTelemetry',
    '-port',
    String(port),
  ]);
  return `http://127.0.0.1:${port}`;
}

/**
 * versitygw over a folder, with objects' attributes in another (not every file system has extended ones), and what was overwritten or
 * deleted in a third: buckets may keep versions.
 */
export async function startVersityGateway(open: AsyncDisposableStack, binary: string): Promise<string> {
  const folder = await temporaryFolder(open);
  const sidecar = await temporaryFolder(open);
  const versions = await temporaryFolder(open);
  const port = await freePort();
  const backend = ['posix', '--sidecar', sidecar, '--versioning-dir', versions, folder];
  const args = ['--port', `127.0.0.1:${port}`, '--quiet', ...backend];
  const env = { ROOT_ACCESS_KEY: credentials.accessKeyId, ROOT_SECRET_KEY: credentials.secretAccessKey };
  await start(open, 'versitygw', port, { cwd: folder, env }, binary, args);
  return `http://127.0.0.1:${port}`;
}

export async function startRedis(
  open: AsyncDisposableStack,
  options: readonly string[] = [],
): Promise<number> {
  const port = await freePort();
  const folder = await temporaryFolder(open);
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder, ...options];
  await start(open, 'redis-server', port, { cwd: folder }, 'redis-server', args);
  return port;
}

/** Three masters without replicas, each with a third of the slots. Answers the port of one. */
export async function startRedisCluster(open: AsyncDisposableStack): Promise<number> {
  const ports: number[] = [];
  for (let i = 0; i < 3; i++) {
    // The bus has a port of its own; by default it would be far above the other.
    const bus = await freePort();
    ports.push(await startRedis(open, ['--cluster-enabled', 'yes', '--cluster-port', String(bus)]));
  }
  const nodes = ports.map((port) => new Redis({ host: '127.0.0.1', port }));
  try {
    for (const [i, node] of nodes.entries()) {
      const [first, next] = [i, i + 1].map((third) => Math.floor((16_384 * third) / 3)) as [number, number];
      await node.call('CLUSTER', 'ADDSLOTSRANGE', first, next - 1);
      await node.call('CLUSTER', 'SET-CONFIG-EPOCH', i + 1);
    }
    for (const node of nodes.slice(1)) {
      const [, bus] = (await nodes[0]!.call('CONFIG', 'GET', 'cluster-port')) as [string, string];
      await node.call('CLUSTER', 'MEET', '127.0.0.1', ports[0]!, bus);
    }
    await until('the cluster agrees', async () => {
      const states = await Promise.all(nodes.map((node) => node.call('CLUSTER', 'INFO')));
      return states.every((state) => /cluster_state:ok.*cluster_known_nodes:3/s.test(String(state)));
    });
  } finally {
    for (const node of nodes) node.disconnect();
  }
  return ports[0]!;
}

async function start(
  open: AsyncDisposableStack,
  name: string,
  port: number,
  { cwd, env = {} }: { readonly cwd: string; readonly env?: Record<string, string> },
  command: string,
  args: readonly string[],
): Promise<void> {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const failed = once(child, 'error').then(([cause]) => {
    throw cause;
  });
  failed.catch(() => {});
  open.defer(() => ended(child));
  const up = until(`${name} listens`, async () => {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}`);
    return await accepts(port);
  });
  await Promise.race([up, failed]);
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const late = performance.now() + startMs;
  while (!(await holds())) {
    if (performance.now() > late) throw new Error(`not within a minute: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });

async function ended(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

async function temporaryFolder(open: AsyncDisposableStack): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'restante-emulator-'));
  open.defer(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
