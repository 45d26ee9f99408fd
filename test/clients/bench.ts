import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckList } from '../support/check-list.ts';
import { type Finished, type ProgramOptions, runProgram, runToSuccess } from '../support/run-program.ts';
import { openSender, type Way } from '../support/send-mail.ts';
import type { ServerProcess, TestAccount } from '../support/server-process.ts';
import { type Sample, samples } from './mail.ts';

/** What the checks of one client have: a server, an account and a home of their own. */
export interface Bench {
  readonly server: ServerProcess;
  readonly account: TestAccount;
  /** The client's HOME: nothing of who runs the checks is seen or touched. */
  readonly home: string;
  check(name: string, body: () => unknown): Promise<void>;
  /** Mail from outside to `to`, the bench's own account unless given. */
  deliver(way: Way, mail: readonly Sample[], to?: TestAccount): Promise<void>;
  /** A further account. */
  another(name: string, password?: string): Promise<TestAccount>;
  run(command: string, args: readonly string[], options?: ProgramOptions): Promise<Finished>;
  runToSuccess(command: string, args: readonly string[], options?: ProgramOptions): Promise<Finished>;
}

export type ClientChecks = (bench: Bench) => Promise<void>;

/** An account with every sample in its INBOX, and an empty home. */
export async function openBench(server: ServerProcess, checks: CheckList, client: string): Promise<Bench> {
  const account = await server.addAccount(client);
  const home = join(server.folder, `home-${client}`);
  await mkdir(home, { mode: 0o700 });
  const inHome = (options: ProgramOptions = {}): ProgramOptions => ({
    cwd: home,
    ...options,
    env: { HOME: home, ...options.env },
  });
  const bench: Bench = {
    server,
    account,
    home,
    check: (name, body) => checks.check(`${client}: ${name}`, body),
    async deliver(way, mail, to = account) {
      const sender = await openSender(server, way);
      try {
        for (const { bytes } of mail) await sender.send([to.address], bytes);
      } finally {
        sender.close();
      }
    },
    another: (name, password) => server.addAccount(`${client}-${name}`, password),
    run: (command, args, options) => runProgram(command, args, inHome(options)),
    runToSuccess: (command, args, options) => runToSuccess(command, args, inHome(options)),
  };
  await bench.deliver('lmtp', samples.slice(0, 5));
  await bench.deliver('smtp', samples.slice(5));
  return bench;
}
