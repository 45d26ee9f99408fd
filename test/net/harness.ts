import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ensureLocalCertificate } from '../../shared/net/certificate-authority.ts';
import type { Connection, TlsSettings } from '../../shared/net/connection.ts';
import type { Farewell } from '../../shared/net/guest.ts';
import { OpenCounts } from '../../shared/net/limits.ts';
import { type Listener, type ListenOptions, listen, type Served } from '../../shared/net/listener.ts';
import { noNetworks } from '../../shared/net/networks.ts';
import { serverContext } from '../../shared/net/tls-context.ts';
import { silentLog } from '../../shared/telemetry/log.ts';
import { createMetrics } from '../../shared/telemetry/metrics.ts';

export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'restante-net-'));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

/** Serves by a function; `asked` is what the connection was asked to leave for. */
export class Serving implements Served {
  readonly connection: Connection;
  readonly asked: Farewell[] = [];
  onLeave = () => {};
  readonly #run: (serving: Serving) => Promise<void>;

  constructor(connection: Connection, run: (serving: Serving) => Promise<void>) {
    this.connection = connection;
    this.#run = run;
  }

  run(): Promise<void> {
    return this.#run(this);
  }

  leave(why: Farewell): void {
    this.asked.push(why);
    this.onLeave();
  }

  cut(): void {
    this.connection.destroy();
  }
}

/** A listener on a free port whose connections are handed to the test as they come. */
export async function listening(t: TestContext, change: Partial<ListenOptions<Serving>> = {}) {
  const arrivals: Connection[] = [];
  let waiting: ((connection: Connection) => void) | undefined;
  const opened = await listen({
    service: 'test',
    host: '127.0.0.1',
    port: 0,
    limits: { counts: new OpenCounts(100, 100), trusted: noNetworks },
    idleTimeoutMs: 60_000,
    log: silentLog,
    metrics: createMetrics(),
    serve: (connection) =>
      new Serving(connection, async () => {
        if (waiting) waiting(connection);
        else arrivals.push(connection);
        waiting = undefined;
        await new Promise<void>((resolve) => connection.closed.addEventListener('abort', () => resolve()));
      }),
    ...change,
  });
  if (!opened.ok) throw new Error(opened.error);
  const listener: Listener<Serving> = opened.value;
  t.after(() => listener.close(0));
  const arrival = () =>
    new Promise<Connection>((resolve) => {
      const connection = arrivals.shift();
      if (connection) resolve(connection);
      else waiting = resolve;
    });
  return { listener, arrival };
}

export async function client(t: TestContext, listener: Listener): Promise<Socket> {
  const socket = connect({ port: listener.port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {});
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** A connection with both its ends. */
export async function pair(t: TestContext, change: Partial<ListenOptions<Serving>> = {}) {
  const { listener, arrival } = await listening(t, change);
  const socket = await client(t, listener);
  return { listener, socket, connection: await arrival() };
}

export async function tlsSettings(t: TestContext, change: Partial<TlsSettings> = {}) {
  const folder = await temporaryFolder(t);
  const files = await ensureLocalCertificate({ folder, log: silentLog });
  const secureContext = serverContext(await readFile(files.certFile), await readFile(files.keyFile));
  const settings: TlsSettings = {
    context: { secureContext },
    alpn: ['imap'],
    handshakeTimeoutMs: 60_000,
    ...change,
  };
  return { settings, ca: await readFile(files.caFile), files };
}

/** Lets events happen until the condition holds; the test's own time limit is the bound. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await nextTurn();
}

export async function readAll(socket: Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket) text += chunk;
  return text;
}
