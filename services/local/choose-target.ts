import type { Command } from 'commander';
import { err, ok, type Result } from '../../shared/result.ts';
import { addOptions } from './config-options.ts';
import type { CommandContext } from './context.ts';
import { type RemoteApi, type RemoteOptions, readRemote, remoteOptions } from './remote-choice.ts';
import { parseAwsStore, type StoreChoice, storeOptions } from './store-choice.ts';

/** What a command works on; neither: the data folder, or nothing of the kind. */
export interface Target {
  readonly awsStore: StoreChoice | undefined;
  readonly remote: RemoteApi | undefined;
}

const nothing: Target = { awsStore: undefined, remote: undefined };

const has = (command: Command, long: string): boolean =>
  command.options.some((option) => option.long === long && !option.hidden);

/**
 * Every command that takes `--data` may work on an AWS store in its place. Those that need the store itself know `--url` too, to say so.
 */
export function offerTargets(command: Command): void {
  const holder = command.commands.length > 0;
  if (!holder && !has(command, '--url'))
    for (const option of remoteOptions()) command.addOption(option.hideHelp());
  if (!holder && command.name() !== 'serve' && has(command, '--data')) addOptions(command, storeOptions);
  command.commands.forEach(offerTargets);
}

/** What the command is to work on, by its options before the environment. The error is every complaint. */
export async function chooseTarget(
  command: Command,
  context: Pick<CommandContext, 'env' | 'stdin'>,
): Promise<Result<Target, readonly string[]>> {
  const options: RemoteOptions & Record<string, unknown> = command.opts();
  const { env } = context;
  const said = (name: string) => command.getOptionValueSource(name) === 'cli';
  const remotely = ['url', 'key', 'keyFile'].some(said);
  const stored = ['data', ...storeOptions.map(({ name }) => name)].find((name) => said(camelCase(name)));
  const itself = `restante ${command.name()} works on the data folder itself`;

  if (!has(command, '--url')) {
    if (remotely) return err([`${itself}: run it where that is, without --url and --key`]);
    // Nobody means this machine's folder by it without saying so.
    const elsewhere = command.name() !== 'serve' && has(command, '--data') && env.RESTANTE_URL;
    if (elsewhere && stored === undefined)
      return err([
        `${itself}, not through RESTANTE_URL: name the folder with --data, or the store with --store`,
      ]);
  }
  const url = options.url ?? (stored === undefined ? env.RESTANTE_URL : undefined);
  if (has(command, '--url') && url) {
    if (stored !== undefined) return err([`--url and --${stored} exclude each other`]);
    if (options.key === '-' && options.passwordStdin)
      return err(['standard input has the key or the password: give the key with --key-file']);
    const remote = await readRemote({ ...options, url }, context);
    return remote.ok ? ok({ ...nothing, remote: remote.value }) : err([remote.error]);
  }
  if (remotely) return err(['--key and --key-file need --url']);
  if (command.name() === 'serve') return ok(nothing);
  if (said('data') && options.store !== 'embedded') {
    // What was said counts for more than the environment, which may name production.
    const other = storeOptions.find(({ name }) => said(camelCase(name)));
    return other === undefined ? ok(nothing) : err([`--data and --${other.name} exclude each other`]);
  }
  const awsStore = parseAwsStore(options, env);
  return awsStore.ok ? ok({ ...nothing, awsStore: awsStore.value }) : awsStore;
}

/** As commander calls an option. */
const camelCase = (name: string): string =>
  name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
