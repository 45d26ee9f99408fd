import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleFunctions, type FunctionName } from '../../infra/bundle.ts';

const host = fileURLToPath(new URL('./lambda-host.mjs', import.meta.url));

/** What this process has bundled already. */
const bundled = new Map<FunctionName, string>();

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
  /** The most that the process ever held in memory, bytes. */
  readonly peak: number;
}

/** A function as it is deployed: its bundle, in a process of its own that has nothing but the environment it is given. */
export class LambdaBundle {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #next = 0;
  #output = '';
  /** The most that the process held in memory until its last answer, bytes. */
  peak = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.on('data', (chunk) => {
      this.#output += chunk;
    });
    child.on('message', (answer: Answer) => this.#waiting.get(answer.id)?.(answer));
    child.on('exit', (code) => {
      for (const answer of this.#waiting.values())
        answer({ id: 0, error: `the function's process ended with ${code}`, peak: 0 });
    });
  }

  static start(
    name: FunctionName,
    env: Readonly<Record<string, string>>,
    execArgv: readonly string[] = [],
  ): LambdaBundle {
    const folder = bundled.get(name) ?? join(bundleFunctions([name]), name);
    bundled.set(name, folder);
    return new LambdaBundle(
      fork(host, [`${folder}/index.mjs`], {
        env: { AWS_REGION: 'us-east-1', ...env },
        execArgv: [...execArgv],
        stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      }),
    );
  }

  /** What the function answers to an event. Throws what it throws. */
  async invoke(event: unknown): Promise<unknown> {
    const id = ++this.#next;
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    this.#child.send({ id, event });
    const { value, error, peak } = await answered;
    this.#waiting.delete(id);
    this.peak = peak;
    if (error !== undefined) throw new Error(error);
    return value;
  }

  /** What it wrote to its log so far. */
  get events(): readonly Record<string, unknown>[] {
    return this.#output
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
  }

  /** As Lambda stops a function between two events. */
  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exit;
  }
}
