import { PassThrough, Readable } from 'node:stream';
import { runCommandLine } from '../../services/local/command-line.ts';
import type { CommandContext, Output, Store } from '../../services/local/context.ts';
import { openEmbeddedStore } from '../../shared/adapters/embedded/store.ts';

export interface CommandRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `restante ARGUMENTS` on a data folder, in this process: as beside a server that has the folder open. */
export async function runCommand(
  folder: string,
  args: readonly string[],
  change: (store: Store) => Store = (store) => store,
  services: Partial<CommandContext> = {},
): Promise<CommandRun> {
  const said = { stdout: '', stderr: '' };
  const collect = (name: keyof typeof said): Output => {
    const stream = new PassThrough();
    stream.on('data', (chunk: Buffer) => {
      said[name] += chunk;
    });
    return stream;
  };
  const context: CommandContext = {
    version: '0',
    nodeVersion: process.versions.node,
    env: { RESTANTE_DATA: folder },
    stdin: Readable.from([]),
    stdout: collect('stdout'),
    stderr: collect('stderr'),
    redrive: () => Promise.reject(new Error('there is no SQS here')),
    sesSender: () => Promise.reject(new Error('there is no SES here')),
    readSecret: () => Promise.reject(new Error('there are no secrets here')),
    openStore: async () => ({
      ok: true,
      value: change({ kind: 'embedded', ...(await openEmbeddedStore({ folder })) }),
    }),
    awsStore: undefined,
    remote: undefined,
    onSignal: () => () => {},
    processes: {
      first: undefined,
      start: () => {
        throw new Error('commands are one process');
      },
    },
    onReload: () => () => {},
    onFault: () => () => {},
    exit: (code) => {
      throw new Error(`exit ${code}`);
    },
    ...services,
  };
  const code = await runCommandLine(args, context);
  await new Promise((resolve) => setImmediate(resolve));
  return { code, ...said };
}
