import type { Command } from 'commander';
import { ok } from '../../../shared/result.ts';
import type { Report } from '../command-line.ts';
import type { CommandContext } from '../context.ts';
import { withData } from '../data-folder.ts';
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

/** `restante domain add|list|remove`: whose mail this server takes. */
export function domainCommands(program: Command, context: CommandContext, report: Report): void {
  const domain = family(program, 'domain', 'the domains whose mail is taken here');

  domain
    .command('add')
    .description('take mail for a domain')
    .argument('<domain>', 'such as example.org')
    .addOption(dataOption(context))
    .action(async (name: string, { data: folder }: DataOptions) =>
      report(
        await withData(context, folder, 'optional', async ({ provisioning }) => {
          const added = await provisioning.addDomain(name);
          if (!added.ok) return refused(added.error);
          context.stdout.write(`added ${added.value.name}\n`);
          return ok(undefined);
        }),
      ),
    );

  domain
    .command('list')
    .description('all domains')
    .addOption(jsonOption())
    .addOption(dataOption(context))
    .action(async ({ data: folder, json }: DataOptions & { json?: true }) =>
      report(
        await withData(context, folder, 'required', async ({ store }) => {
          const domains = [];
          for await (const { name, createdAt } of everyItem((after) => store.directory.domains(after)))
            domains.push({ name, createdAt: printTime(createdAt) });
          context.stdout.write(json ? printJson(domains) : domains.map((d) => `${d.name}\n`).join(''));
          return ok(undefined);
        }),
      ),
    );

  domain
    .command('remove')
    .description('take no more mail for a domain that has no accounts and aliases left')
    .argument('<domain>')
    .addOption(dataOption(context))
    .action(async (name: string, { data: folder }: DataOptions) =>
      report(
        await withData(context, folder, 'required', async ({ provisioning }) => {
          const removed = await provisioning.removeDomain(name);
          if (!removed.ok) return refused(removed.error);
          context.stdout.write(`removed ${name}\n`);
          return ok(undefined);
        }),
      ),
    );
}
