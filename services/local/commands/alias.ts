import type { Command } from 'commander';
import { ok } from '../../../shared/result.ts';
import { administering, administers } from '../administration.ts';
import type { Report } from '../command-line.ts';
import type { CommandContext } from '../context.ts';
import { printTable } from '../print-table.ts';
import { type DataOptions, family, jsonOption, type ListOptions, printJson } from './shared-options.ts';

/** `restante alias add|list|change|remove`: addresses that deliver to others. */
export function aliasCommands(program: Command, context: CommandContext, report: Report): void {
  const administer = administering(context, report);
  const alias = family(program, 'alias', 'addresses that deliver to others');

  administers(alias.command('add'), context)
    .description('deliver what comes to an address to others')
    .argument('<address>', 'such as info@example.org, or @example.org for all that nobody else there takes')
    .argument('<target...>', 'addresses of accounts or aliases')
    .action((address: string, targets: string[], options: DataOptions) =>
      administer(options, async (admin) => {
        const added = await admin.ask('addAlias', { body: { address, targets } });
        if (!added.ok) return added;
        return ok(`added ${added.value.address}, to ${added.value.targets.join(', ')}\n`);
      }),
    );

  administers(alias.command('list'), context)
    .description('all aliases and where they lead')
    .option('--tenant <id>', 'of this tenant only')
    .option('--domain <domain>', 'of this domain only')
    .addOption(jsonOption())
    .action((options: ListOptions & { readonly domain?: string }) =>
      administer(options, async (admin) => {
        const { tenant, domain } = options;
        const aliases = await admin.list('listAliases', { tenant, domain });
        if (!aliases.ok) return aliases;
        const rows = aliases.value.map((a) => [a.address, a.targets.join(', ')]);
        return ok(options.json ? printJson(aliases.value) : printTable(['ALIAS', 'LEADS TO'], rows));
      }),
    );

  administers(alias.command('change'), context)
    .description('lead an alias to others than before')
    .argument('<address>')
    .argument('<target...>', 'addresses of accounts or aliases: all that it is to lead to')
    .action((address: string, targets: string[], options: DataOptions) =>
      administer(options, async (admin) => {
        const changed = await admin.ask('changeAlias', { params: { address }, body: { targets } });
        if (!changed.ok) return changed;
        return ok(`${changed.value.address} leads to ${changed.value.targets.join(', ')}\n`);
      }),
    );

  administers(alias.command('remove'), context)
    .description('deliver nothing more by this alias')
    .argument('<address>')
    .action((address: string, options: DataOptions) =>
      administer(options, async (admin) => {
        const removed = await admin.ask('removeAlias', { params: { address } });
        if (!removed.ok) return removed;
        return ok(`removed ${address}\n`);
      }),
    );
}
