import type { Command } from 'commander';
import { ok } from '../../../shared/result.ts';
import type { Report } from '../command-line.ts';
import type { CommandContext } from '../context.ts';
import { withData } from '../data-folder.ts';
import { printTable } from '../print-table.ts';
import {
  type DataOptions,
  dataOption,
  everyItem,
  family,
  jsonOption,
  printJson,
  printTime,
  refused,
} from './shared-options.ts';

/** `restante alias add|list|remove`: addresses that deliver to others. */
export function aliasCommands(program: Command, context: CommandContext, report: Report): void {
  const alias = family(program, 'alias', 'addresses that deliver to others');

  alias
    .command('add')
    .description('deliver what comes to an address to others')
    .argument('<address>', 'such as info@example.org, or @example.org for all that nobody else there takes')
    .argument('<target...>', 'addresses of accounts or aliases')
    .addOption(dataOption(context))
    .action(async (address: string, targets: string[], { data: folder }: DataOptions) =>
      report(
        await withData(context, folder, 'required', async ({ provisioning }) => {
          const added = await provisioning.addAlias(address, targets);
          if (!added.ok) return refused(added.error);
          context.stdout.write(`added ${added.value.address}, to ${added.value.targets.join(', ')}\n`);
          return ok(undefined);
        }),
      ),
    );

  alias
    .command('list')
    .description('all aliases and where they lead')
    .addOption(jsonOption())
    .addOption(dataOption(context))
    .action(async ({ data: folder, json }: DataOptions & { json?: true }) =>
      report(
        await withData(context, folder, 'required', async ({ store }) => {
          const aliases = [];
          for await (const a of everyItem((after) => store.directory.aliases(after)))
            aliases.push({ address: a.address, targets: a.targets, createdAt: printTime(a.createdAt) });
          const rows = aliases.map((a) => [a.address, a.targets.join(', ')]);
          context.stdout.write(json ? printJson(aliases) : printTable(['ALIAS', 'LEADS TO'], rows));
          return ok(undefined);
        }),
      ),
    );

  alias
    .command('remove')
    .description('deliver nothing more by this alias')
    .argument('<address>')
    .addOption(dataOption(context))
    .action(async (address: string, { data: folder }: DataOptions) =>
      report(
        await withData(context, folder, 'required', async ({ provisioning }) => {
          const removed = await provisioning.removeAlias(address);
          if (!removed.ok) return refused(removed.error);
          context.stdout.write(`removed ${address}\n`);
          return ok(undefined);
        }),
      ),
    );
}
