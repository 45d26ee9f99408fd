import { spawn } from 'node:child_process';

export interface Finished {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly cwd?: string;
  /** The whole environment but PATH, LANG and TERM, which are always given, and Node's compile cache. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: Uint8Array | string;
  /** Milliseconds until the program and its children are killed; a minute unless given. */
  readonly timeLimit?: number;
}

/** Most octets that are kept of what a program prints; one that prints more is killed. */
const outputLimit = 256 * 1024 * 1024;

/** The environment of a program that must not see the one of who runs the tests, but for where Node.js keeps what it compiled. */
export const bareEnvironment = (env: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  PATH: process.env.PATH ?? '/usr/bin:/bin',
  LANG: 'C.UTF-8',
  TERM: 'dumb',
  ...(process.env.NODE_COMPILE_CACHE && { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE }),
  ...env,
});

/** Kills a program that was started detached, with what it has started. */
export function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ESRCH') throw cause;
  }
}

/** Runs a program to its end, in a process group of its own and within a time limit. Throws where it could not be started or was killed. */
export function runProgram(
  command: string,
  args: readonly string[],
  { cwd, env, input = '', timeLimit = 60_000 }: ProgramOptions = {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: bareEnvironment(env), detached: true, stdio: 'pipe' });
    const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    let printed = 0;
    let killedFor: string | undefined;
    const kill = (reason: string) => {
      killedFor ??= reason;
      killGroup(child.pid, 'SIGKILL');
    };
    const timer = setTimeout(() => kill(`took more than ${timeLimit} ms`), timeLimit);
    for (const name of ['stdout', 'stderr'] as const)
      child[name].on('data', (chunk: Buffer) => {
        output[name].push(chunk);
        printed += chunk.length;
        if (printed > outputLimit) kill(`printed more than ${outputLimit} octets`);
      });
    child.stdin.on('error', () => {}); // A program need not read its input.
    child.stdin.end(input);
    child.on('error', (cause) => {
      clearTimeout(timer);
      reject(new Error(`${command} could not be started`, { cause }));
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      const stdout = Buffer.concat(output.stdout);
      const stderr = Buffer.concat(output.stderr).toString();
      if (killedFor === undefined) resolve({ code, stdout, stderr });
      else
        reject(
          new Error(`${command} ${killedFor}; it said:\n${stdout.subarray(-2000)}\n${stderr.slice(-2000)}`),
        );
    });
  });
}

/** As `runProgram`, for a program that is to succeed: throws, with what it said, where it exits with anything but 0. */
export async function runToSuccess(
  command: string,
  args: readonly string[],
  options?: ProgramOptions,
): Promise<Finished> {
  const finished = await runProgram(command, args, options);
  if (finished.code === 0) return finished;
  const said = `${finished.stdout.subarray(-2000)}\n${finished.stderr.slice(-2000)}`;
  throw new Error(`${command} exited with ${finished.code}; it said:\n${said.trim()}`);
}
