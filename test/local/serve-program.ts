import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { serviceNames } from '../../services/local/config-options.ts';
import { bareEnvironment, killGroup } from '../support/run-program.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const program = fileURLToPath(new URL('../../services/local/main.ts', import.meta.url));

type Logged = Readonly<Record<string, unknown>>;

/** `restante serve` as an operator has it: signals go in, the log and an exit code come out. Killed with the test. */
export interface ServeProgram {
  readonly folder: string;
  /** Resolves with the first event of that name in the log, past or to come. Rejects where the process ends without. */
  logged(event: string): Promise<Logged>;
  signal(name: NodeJS.Signals): void;
  /** The exit code and all that was said on standard error besides the log, when it has ended. */
  readonly ended: Promise<{ readonly code: number | null; readonly said: string }>;
}

/** `limits` is shell text that is run before, such as `ulimit -f 100`. */
export async function serveProgram(
  options: readonly string[] = [],
  { limits = 'true', folder = temporaryFolder() }: { limits?: string; folder?: string } = {},
): Promise<ServeProgram> {
  const off = serviceNames.filter((name) => !options.includes(`--${name}`));
  const args = [
    program,
    'serve',
    '--data',
    folder,
    ...off.flatMap((name) => [`--${name}`, 'off']),
    ...options,
  ];
  const child = spawn('sh', ['-c', `${limits}; exec "$@"`, 'sh', process.execPath, ...args], {
    cwd: folder,
    env: bareEnvironment({ HOME: join(folder, 'none') }),
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  after(() => killGroup(child.pid, 'SIGKILL'));
  const log: Logged[] = [];
  const waiting = new Set<() => void>();
  let said = '';
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line.startsWith('{')) log.push(JSON.parse(line));
    else said += `${line}\n`;
    for (const look of waiting) look();
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, said }));
  const logged = (event: string) =>
    new Promise<Logged>((resolve, reject) => {
      const look = () => {
        const found = log.find((entry) => entry.event === event);
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
      ended.then(({ code }) => reject(new Error(`exited with ${code} before ${event}:\n${said}`)));
    });
  await logged('process.ready');
  return { folder, logged, ended, signal: (name) => void child.kill(name) };
}
