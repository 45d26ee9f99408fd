import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Endpoint } from './wire.ts';

/**
 * 'filling': for the load that is not measured, as fast as it takes mail; 'measuring': with its default fsync; 'durable': with every change
 * on the disk before it is answered.
 */
export type Mode = 'filling' | 'measuring' | 'durable';

/** A mail server under measurement: started, stopped, its memory read. */
export interface Server {
  readonly name: string;
  readonly imap: Endpoint;
  readonly imaps: Endpoint;
  readonly pop3: Endpoint;
  readonly lmtp: Endpoint;
  /** Whether it writes durably by default: 'durable' is then no other mode. */
  readonly alwaysDurable: boolean;
  /** Starts it in one of its modes. */
  start(mode: Mode): Promise<void>;
  stop(): Promise<void>;
  /** While it is stopped: what it does by itself, within hours, with mail that has arrived. */
  settle(): Promise<void>;
  /** Octets of memory of all its processes, shared pages in proportion (PSS). */
  memory(): number;
  /** Milliseconds of processor time that its processes have used. */
  processorTime(): number;
}

export const restart = async (server: Server, mode: Mode = 'measuring'): Promise<void> => {
  await server.stop();
  await server.start(mode);
};

/** A certificate for both servers, as common authorities issue them today: ECDSA with P-256. */
export function makeCertificate(folder: string): { readonly cert: string; readonly key: string } {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const kind = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const name = ['-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  execFileSync('openssl', [...kind, ...name, '-keyout', key, '-out', cert], { stdio: 'pipe' });
  return { cert, key };
}

/** Ports of the loopback that are free now. */
export async function freePorts(count: number): Promise<number[]> {
  const listeners = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(listeners.map((listener) => once(listener, 'listening')));
  const ports = listeners.map((listener) => (listener.address() as { port: number }).port);
  await Promise.all(listeners.map((listener) => new Promise((resolve) => listener.close(resolve))));
  return ports;
}

/** Asks a process to end and waits until it has. */
export async function end(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}

interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  /** In ticks of 10 ms. */
  readonly ticks: number;
}

function statOf(pid: number): ProcessStat | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // Of its children that have ended too.
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return { pid, parent: Number(fields[1]), ticks };
  } catch {
    return undefined; // It ended while we looked.
  }
}

/** A process and all below it. */
function family(root: number): ProcessStat[] {
  const children = Map.groupBy(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => statOf(Number(name)))
      .filter((stat) => stat !== undefined),
    ({ parent }) => parent,
  );
  const below = (pid: number): ProcessStat[] =>
    (children.get(pid) ?? []).flatMap((child) => [child, ...below(child.pid)]);
  const own = statOf(root);
  return own === undefined ? [] : [own, ...below(root)];
}

export const processorTimeOf = (root: number): number =>
  family(root).reduce((sum, { ticks }) => sum + ticks * 10, 0);

export function memoryOf(root: number): number {
  let kilobytes = 0;
  for (const { pid } of family(root))
    try {
      const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
      kilobytes += Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0);
    } catch {
      // It ended while we looked.
    }
  return kilobytes * 1024;
}
