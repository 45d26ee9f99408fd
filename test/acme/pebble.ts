import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ensureLocalCertificate } from '../../shared/net/certificate-authority.ts';
import { silentLog } from '../../shared/telemetry/log.ts';
import { bareEnvironment, killGroup } from '../support/run-program.ts';

/** Let's Encrypt's server for tests, on this machine: it looks for challenges as the real one does, and refuses a fifth of the nonces. */
export interface Pebble {
  readonly directory: string;
  /** Where it says which authority signs. */
  readonly roots: string;
  /** Where it looks for challenges. */
  readonly httpPort: number;
  /** The authority of its own HTTPS. */
  readonly caFile: string;
  stop(): Promise<void>;
}

/** The name that it refuses. */
export const refusedName = 'refused.example.test';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** What a name server says of any name: that its address is this machine's, and that it has no other. */
function answerTo(query: Buffer): Buffer {
  let end = 12;
  while (query[end] !== 0 && end < query.length) end += query[end]! + 1;
  const question = query.subarray(12, end + 5);
  const wantsAddress = query.readUInt16BE(end + 1) === 1;
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(0x8180, 2);
  for (const [i, count] of [1, wantsAddress ? 1 : 0, 0, 0].entries()) header.writeUInt16BE(count, 4 + i * 2);
  const address = Buffer.from('c00c000100010000003c00047f000001', 'hex');
  return Buffer.concat([header, question, ...(wantsAddress ? [address] : [])]);
}

/** A name server for Pebble, which asks over TCP (RFC 1035 §4.2.2: two octets of length before each message). */
async function nameServer(): Promise<{ readonly port: number; close(): void }> {
  const server = createServer((socket) => {
    let held = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      held = Buffer.concat([held, chunk]);
      while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
        const answer = answerTo(held.subarray(2, 2 + held.readUInt16BE(0)));
        held = held.subarray(2 + held.readUInt16BE(0));
        const size = Buffer.alloc(2);
        size.writeUInt16BE(answer.length);
        socket.write(Buffer.concat([size, answer]));
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as { port: number }).port, close: () => void server.close() };
}

export async function startPebble(program: string, folder: string): Promise<Pebble> {
  const names = ['localhost', '127.0.0.1'];
  const tls = await ensureLocalCertificate({ folder: join(folder, 'pebble-tls'), names, log: silentLog });
  const [listen, management, httpPort, tlsPort] = await Promise.all([1, 2, 3, 4].map(freePort));
  const config = join(folder, 'pebble.json');
  const settings = {
    listenAddress: `127.0.0.1:${listen}`,
    managementListenAddress: `127.0.0.1:${management}`,
    certificate: tls.certFile,
    privateKey: tls.keyFile,
    httpPort,
    tlsPort,
    domainBlocklist: [refusedName],
    retryAfter: { authz: 1, order: 1 },
    keyAlgorithm: 'ecdsa',
    profiles: { default: { description: 'ninety days', validityPeriod: 90 * 24 * 3600 } },
  };
  await writeFile(config, JSON.stringify({ pebble: settings }));
  const dns = await nameServer();
  const child = spawn(program, ['-config', config, '-strict', '-dnsserver', `127.0.0.1:${dns.port}`], {
    env: bareEnvironment({ PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '20' }),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  await new Promise<void>((resolve, reject) => {
    const look = (line: string) => {
      if (said.push(line) > 200) said.shift();
      if (line.includes('ACME directory available')) resolve();
    };
    createInterface({ input: child.stdout }).on('line', look);
    createInterface({ input: child.stderr }).on('line', look);
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`pebble exited with ${code}:\n${said.join('\n')}`)));
  });
  return {
    directory: `https://localhost:${listen}/dir`,
    roots: `https://localhost:${management}/roots/0`,
    httpPort: httpPort!,
    caFile: tls.caFile,
    async stop() {
      dns.close();
      if (child.exitCode !== null) return;
      const exited = once(child, 'exit');
      killGroup(child.pid, 'SIGTERM');
      await exited;
    },
  };
}
