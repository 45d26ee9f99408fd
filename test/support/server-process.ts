import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type ServiceName, serviceNames } from '../../services/local/config-options.ts';
import { runCommand } from './run-command.ts';
import { bareEnvironment, type Finished, killGroup, runToSuccess } from './run-program.ts';

const program = fileURLToPath(new URL('../../services/local/main.ts', import.meta.url));

export const testDomain = 'example.test';

export interface TestAccount {
  readonly address: string;
  readonly password: string;
}

/** What it said of itself: few lines, whatever the load. */
interface ProcessLog {
  /** The first thousand lines. */
  readonly lines: string[];
  readonly events: Record<string, unknown>[];
  readonly news: Set<() => void>;
}

/** `restante serve` as a process of its own on free ports, and the command line on its data folder. */
export class ServerProcess {
  /** Everything that belongs to it, and nothing else. */
  readonly folder: string;
  readonly ports: Readonly<Record<ServiceName, number>>;
  /** What it logged at the level of errors; a line each. */
  readonly errors: readonly string[];
  readonly #child: ChildProcess;
  readonly #log: ProcessLog;
  readonly #environment: Readonly<Record<string, string>>;

  private constructor(
    folder: string,
    ports: Record<ServiceName, number>,
    errors: readonly string[],
    child: ChildProcess,
    log: ProcessLog,
    environment: Readonly<Record<string, string>>,
  ) {
    this.#log = log;
    this.#environment = environment;
    this.folder = folder;
    this.ports = ports;
    this.errors = errors;
    this.#child = child;
  }

  /**
   * Resolves when the server says that it is ready, which must be within a minute and a half, for machines that are busy. In the folder of an earlier one that was
   * killed, if it is given;
   * with more in its environment, and in that of the commands.
   */
  static async start(
    options: readonly string[] = [],
    earlier?: string,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<ServerProcess> {
    const folder = earlier ?? (await mkdtemp(join(tmpdir(), 'restante-test-')));
    const free = serviceNames.flatMap((name) => [`--${name}`, '0']);
    const args = [program, 'serve', '--data', join(folder, 'data'), '--no-demo', ...free, ...options];
    const child = spawn(process.execPath, args, {
      cwd: folder,
      env: bareEnvironment(environment),
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ports: Partial<Record<ServiceName, number>> = {};
    const errors: string[] = [];
    const log: string[] = [];
    const kept: ProcessLog = { lines: log, events: [], news: new Set() };
    // The log says it last, so that every port is known then; standard output is another pipe.
    const allKnown = Promise.withResolvers<void>();
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (log.length < 1000) log.push(line);
      const event = parseLine(line);
      if (event && /^(process|worker|tls)\./.test(String(event.event))) kept.events.push(event);
      for (const look of kept.news) look();
      if (event?.event === 'listener.up') ports[event.service as ServiceName] = event.port as number;
      if (event?.event === 'process.ready') allKnown.resolve();
      if ((event === undefined || event.level === 'error') && errors.length < 100) errors.push(line);
    });
    const ready = new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => line === 'ready' && resolve());
      child.on('error', reject);
      child.on('exit', (code) => reject(new Error(`the server exited with ${code}:\n${log.join('\n')}`)));
      const late = () => reject(new Error(`the server is not ready after 90 s:\n${log.join('\n')}`));
      setTimeout(late, 90_000).unref();
    });
    try {
      await ready;
      await allKnown.promise;
    } catch (cause) {
      killGroup(child.pid, 'SIGKILL');
      if (earlier === undefined) await rm(folder, { recursive: true, force: true });
      throw cause;
    }
    return new ServerProcess(folder, ports as Record<ServiceName, number>, errors, child, kept, environment);
  }

  /** The nth event of that name about the process, its workers or its certificate, past or to come. Rejects where it ends without. */
  logged(name: string, nth = 1): Promise<Readonly<Record<string, unknown>>> {
    const { events, news } = this.#log;
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = events.filter(({ event }) => event === name)[nth - 1];
        if (found === undefined) return;
        news.delete(look);
        resolve(found);
      };
      news.add(look);
      this.#child.once('close', () => reject(new Error(`the server ended before ${name}`)));
      look();
    });
  }

  /** What it has logged: the first thousand lines. */
  get lines(): readonly string[] {
    return this.#log.lines;
  }

  get dataFolder(): string {
    return join(this.folder, 'data');
  }

  /** The certificate of the authority that signed the server's: all that its clients trust. */
  get caFile(): string {
    return join(this.dataFolder, 'tls', 'ca.crt');
  }

  /** Runs `restante ARGUMENTS` on the data folder while the server has it open. Throws unless it succeeds. */
  restante(args: readonly string[], options: { input?: string; timeLimit?: number } = {}): Promise<Finished> {
    const env = { ...this.#environment, RESTANTE_DATA: this.dataFolder };
    return runToSuccess(process.execPath, [program, ...args], { cwd: this.folder, env, ...options });
  }

  async addDomain(): Promise<void> {
    await this.#administer(['domain', 'add', testDomain]);
  }

  async addAccount(name: string, password = randomBytes(12).toString('base64url')): Promise<TestAccount> {
    const address = `${name}@${testDomain}`;
    await this.#administer(['account', 'add', address, '--password-stdin'], `${password}\n`);
    return { address, password };
  }

  /** A command beside the server: in this process where it has a folder, since the start of a program takes most of a second. */
  async #administer(args: readonly string[], input = ''): Promise<void> {
    if (this.#environment.RESTANTE_STORE !== undefined) return void (await this.restante(args, { input }));
    const stdin = Readable.from([Buffer.from(input)]);
    const { code, stderr } = await runCommand(this.dataFolder, args, undefined, { stdin });
    if (code !== 0) throw new Error(`restante ${args.join(' ')} exited with ${code}: ${stderr}`);
  }

  /** Kills it where it stands, as `kill -9` does. The folder stays as it is. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    killGroup(child.pid, 'SIGKILL');
    await exited;
  }

  /** Asks it to stop, and kills it after `limitMs`. Resolves to the exit code: null where it had to be killed. */
  async terminate(limitMs = 20_000): Promise<number | null> {
    const child = this.#child;
    if (child.exitCode === null && child.signalCode === null) {
      const timer = setTimeout(() => killGroup(child.pid, 'SIGKILL'), limitMs);
      child.kill('SIGTERM');
      await once(child, 'exit');
      clearTimeout(timer);
    }
    return child.exitCode;
  }

  /** The same, and removes its folder. */
  async stop(): Promise<number | null> {
    const code = await this.terminate();
    await rm(this.folder, { recursive: true, force: true });
    return code;
  }
}

function parseLine(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
