#!/usr/bin/env node
/** The command line, and with `serve` the whole server: here the adapters are chosen and the process is read. */
import type { AwsStoreOptions } from '../../shared/adapters/aws/store.ts';
import type { Result } from '../../shared/result.ts';
import type { CommandContext, OpenStoreOptions, Store } from './context.ts';

const oldest = 24;
if (Number.parseInt(process.versions.node, 10) < oldest) {
  process.stderr.write(`restante: needs Node.js ${oldest} or later, this is ${process.versions.node}\n`);
  process.exit(2);
}

// What was compiled is kept beside the packages, which saves more than half of a start. Nothing depends on it: where nothing may be
// written there, as on a read-only root, nothing is kept and nothing said.
const { enableCompileCache } = await import('node:module');
const { fileURLToPath } = await import('node:url');
const cache = fileURLToPath(new URL('../../node_modules/.cache/restante', import.meta.url));
// Threads and workers find it by the environment.
if (enableCompileCache(cache).directory !== undefined) process.env.NODE_COMPILE_CACHE ??= cache;

// Imported only now: an older Node.js would fail on what it does not know before it could say so.
const { closeSync, existsSync, openSync, readFileSync } = await import('node:fs');
const { join } = await import('node:path');
const { err, ok } = await import('../../shared/result.ts');
const { runCommandLine } = await import('./command-line.ts');
const { clusterProcesses } = await import('./workers/cluster.ts');
const { describeCause } = await import('./describe-mail-error.ts');

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

const openFolder = async (
  folder: string,
  { existing, upgrade = false, onFailure }: OpenStoreOptions,
): Promise<Result<Store, string>> => {
  if (existing === 'required' && !existsSync(join(folder, 'restante.db')))
    return err(`there is no data folder at ${folder}: name it with --data, or start the server first`);
  const { openEmbeddedStore } = await import('../../shared/adapters/embedded/store.ts');
  try {
    return ok({
      kind: 'embedded',
      ...(await openEmbeddedStore({ folder, upgrade, ...(onFailure && { onFailure }) })),
    });
  } catch (cause) {
    return err(`cannot open the data folder ${folder}: ${describeCause(cause)}`);
  }
};

const openAws = async (options: AwsStoreOptions): Promise<Result<Store, string>> => {
  // A tenth of a second of loading that a data folder does not need.
  const { openAwsStore } = await import('../../shared/adapters/aws/store.ts');
  try {
    return ok({ kind: 'aws', ...(await openAwsStore(options)) });
  } catch (cause) {
    return err(`cannot open the AWS store: ${describeCause(cause)}`);
  }
};

const openStore: CommandContext['openStore'] = (choice, options) =>
  choice.kind === 'embedded' ? openFolder(choice.folder, options) : openAws(choice);

/** A terminal that was closed says so with the signal by which a service is asked to reload. */
const terminalIsGone = (): boolean => {
  if (!process.stdin.isTTY && !process.stdout.isTTY) return false;
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return false;
  } catch {
    return true;
  }
};

const onSignal: CommandContext['onSignal'] = (listener) => {
  const hangup = () => {
    if (terminalIsGone()) listener('SIGHUP');
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, listener);
  process.on('SIGHUP', hangup);
  return () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, listener);
    process.off('SIGHUP', hangup);
  };
};

const onReload: CommandContext['onReload'] = (listener) => {
  const hangup = () => {
    if (!terminalIsGone()) listener();
  };
  process.on('SIGHUP', hangup);
  return () => process.off('SIGHUP', hangup);
};

const onFault: CommandContext['onFault'] = (listener) => {
  process.on('uncaughtException', listener);
  return () => process.off('uncaughtException', listener);
};

// A reader that goes away, as in `restante account list | head -1`, or a terminal that is closed, is no fault.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

const code = await runCommandLine(process.argv.slice(2), {
  version,
  nodeVersion: process.versions.node,
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  openStore,
  sesSender: async (region) => (await import('../../shared/adapters/aws/ses-sender.ts')).sesSender(region),
  redrive: async (options) => (await import('../../shared/adapters/aws/redrive.ts')).redriveQueue(options),
  readSecret: async (id) => (await import('../../shared/adapters/aws/secret.ts')).secretReader(id),
  awsStore: undefined,
  remote: undefined,
  processes: clusterProcesses(),
  onSignal,
  onReload,
  onFault,
  exit: (exitCode) => process.exit(exitCode),
});
process.exit(code);
