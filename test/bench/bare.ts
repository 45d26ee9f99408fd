/**
 * `node test/bench/bare.ts`: what Node.js itself takes, for comparison: a server that answers each line with 400 octets and does nothing else. Prints the processor
 * time of a line and how long its client waits, and the memory of a connection that waits, plain and with TLS.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { ensureLocalCertificate } from '../../shared/net/certificate-authority.ts';
import { silentLog } from '../../shared/telemetry/log.ts';

const warmUp = 5_000;
const lines = 10_000;
const connections = { before: 500, counted: 1_000 };
const answer = Buffer.alloc(400, 'x').fill('\n', 399);

interface Figures {
  readonly cpu: NodeJS.CpuUsage;
  /** Bytes. */
  readonly memory: number;
}

function serve(): void {
  const take = (socket: Socket) =>
    void socket
      .setNoDelay(true)
      .on('data', () => socket.write(answer))
      .on('error', () => undefined);
  const [, , , certFile, keyFile] = process.argv;
  const server =
    certFile && keyFile
      ? createTlsServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, take)
      : createServer(take);
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as { port: number }).port));
  process.on('message', () =>
    process.send?.({ cpu: process.cpuUsage(), memory: process.memoryUsage().rss } satisfies Figures),
  );
  process.on('disconnect', () => process.exit(0));
}

async function asked(server: ChildProcess): Promise<Figures> {
  server.send('figures');
  const [figures] = (await once(server, 'message')) as [Figures];
  return figures;
}

async function measure(name: string, files: readonly string[]): Promise<void> {
  const server = fork(new URL(import.meta.url), ['serve', ...files]);
  const [port] = (await once(server, 'message')) as [number];
  const open = async (): Promise<Socket> => {
    const tls = files.length > 0;
    const socket = tls
      ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
      : connect(port, '127.0.0.1');
    await once(socket, tls ? 'secureConnect' : 'connect');
    return socket.setNoDelay(true);
  };
  const one = await open();
  let answered = () => {};
  one.on('data', () => answered());
  const line = () =>
    new Promise<void>((resolve) => {
      answered = resolve;
      one.write('a SELECT INBOX\r\n');
    });
  for (let i = 0; i < warmUp; i++) await line();
  const { cpu: from } = await asked(server);
  const began = performance.now();
  for (let i = 0; i < lines; i++) await line();
  const waited = ((performance.now() - began) * 1000) / lines;
  const { cpu: to } = await asked(server);
  const took = (to.user + to.system - from.user - from.system) / lines;
  const sockets: Socket[] = [];
  const openMore = async (count: number): Promise<Figures> => {
    for (let i = 0; i < count; i++) {
      const socket = await open();
      sockets.push(socket);
      socket.write('a IDLE\r\n');
      await once(socket, 'data');
    }
    return asked(server);
  };
  const { memory: before } = await openMore(connections.before);
  const { memory: after } = await openMore(connections.counted);
  const each = (after - before) / 1024 / connections.counted;
  console.log(
    `${name}: ${took.toFixed(0)} µs of processor time a line, its client waits ${waited.toFixed(0)} µs; ${each.toFixed(1)} KB a connection`,
  );
  for (const socket of [one, ...sockets]) socket.destroy();
  server.disconnect();
  await once(server, 'exit');
}

if (process.argv[2] === 'serve') serve();
else {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'restante-bare-'));
  const { certFile, keyFile } = await ensureLocalCertificate({ folder: folder.path, log: silentLog });
  await measure('plain', []);
  await measure('TLS', [certFile, keyFile]);
}
