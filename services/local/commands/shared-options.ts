import { type Command, InvalidArgumentError, Option } from 'commander';
import { explainProvisioningError, type ProvisioningError } from '../../../shared/directory/provisioning.ts';
import type { Page } from '../../../shared/ports/directory.ts';
import { type CommandContext, failed } from '../context.ts';
import { defaultFolder, folderFrom } from '../data-folder.ts';
import { parseSize } from '../size.ts';

export interface DataOptions {
  readonly data: string;
}

/** `--data`, on every command that works on the data folder. */
export function dataOption(context: CommandContext): Option {
  const option = new Option('--data <folder>', 'the data folder (RESTANTE_DATA)');
  return option.default(folderFrom(context.env), context.env.RESTANTE_DATA || defaultFolder);
}

/** Of commands that show a list, or one thing, of which some may be chosen by tenant. */
export interface ListOptions extends DataOptions {
  readonly json?: true;
  readonly tenant?: string;
}

export const jsonOption = (): Option => new Option('--json', 'as JSON, for programs');

/** A command that does nothing but hold others: without one of them it is wrong usage, and says what there is. */
export function family(parent: Command, name: string, description: string): Command {
  const command = parent.command(name).description(description);
  return command.action(() => command.help({ error: true }));
}

export function sizeArgument(text: string): number {
  const size = parseSize(text);
  if (!size.ok) throw new InvalidArgumentError(size.error);
  return size.value;
}

/** Every item of a paged list. */
export async function* everyItem<T>(page: (after?: string) => Promise<Page<T>>): AsyncGenerator<T> {
  for (let after: string | undefined; ; ) {
    const { items, next } = await page(after);
    yield* items;
    if (next === undefined) return;
    after = next;
  }
}

export const refused = (error: ProvisioningError) => failed(explainProvisioningError(error));

export const printJson = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

/** Milliseconds since 1970 as people and programs both read it. */
export const printTime = (ms: number): string => new Date(ms).toISOString();

export const passwordOptions = (): readonly Option[] => [
  new Option(
    '--password <password>',
    'on the command line, where others on the machine can see it',
  ).conflicts('passwordStdin'),
  new Option('--password-stdin', 'the first line of standard input'),
];

/** Where one was made, which is shown this once. */
export const passwordLine = ({ password }: { readonly password: string | null }): string =>
  password === null ? '' : `password: ${password}\n`;
