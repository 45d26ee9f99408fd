import type { Command } from 'commander';
import { ok } from '../../../shared/result.ts';
import { administering, administers } from '../administration.ts';
import type { Report } from '../command-line.ts';
import type { CommandContext } from '../context.ts';
import { printTable } from '../print-table.ts';
import { type DataOptions, family, jsonOption, type ListOptions, printJson } from './shared-options.ts';

/** `restante domain add|list|show|remove`: whose mail this server takes. */
export function domainCommands(program: Command, context: CommandContext, report: Report): void {
  const administer = administering(context, report);
  const domain = family(program, 'domain', 'the domains whose mail is taken here');

  administers(domain.command('add'), context)
    .description('take mail for a domain')
    .argument('<domain>', 'such as example.org')
    .option('--tenant <id>', 'whose it is')
    .action((name: string, options: DataOptions & { tenant?: string }) =>
      administer(
        options,
        async (admin) => {
          const added = await admin.ask('addDomain', { body: { name, tenant: options.tenant } });
          if (!added.ok) return added;
          return ok(`added ${added.value.name}\n`);
        },
        { existing: 'optional' },
      ),
    );

  administers(domain.command('list'), context)
    .description('all domains')
    .option('--tenant <id>', 'of this tenant only')
    .addOption(jsonOption())
    .action((options: ListOptions) =>
      administer(options, async (admin) => {
        const domains = await admin.list('listDomains', { tenant: options.tenant });
        if (!domains.ok) return domains;
        const lines = domains.value.map(({ name }) => `${name}\n`).join('');
        return ok(options.json ? printJson(domains.value) : lines);
      }),
    );

  administers(domain.command('show'), context)
    .description('a domain, and what is to be set for it where its names are hosted')
    .argument('<domain>')
    .addOption(jsonOption())
    .action((name: string, options: ListOptions) =>
      administer(options, async (admin) => {
        const found = await admin.ask('getDomain', { params: { domain: name } });
        if (!found.ok) return found;
        const { dns, tenant, createdAt } = found.value;
        const rows = dns.map((one) => [one.name, one.type, one.value, one.purpose]);
        return ok(
          options.json
            ? printJson(found.value)
            : `domain   ${found.value.name}\ntenant   ${tenant}\ncreated  ${createdAt}\n\n` +
                printTable(['NAME', 'TYPE', 'VALUE', 'WHAT FOR'], rows),
        );
      }),
    );

  administers(domain.command('remove'), context)
    .description('take no more mail for a domain that has no accounts and aliases left')
    .argument('<domain>')
    .action((name: string, options: DataOptions) =>
      administer(options, async (admin) => {
        const removed = await admin.ask('removeDomain', { params: { domain: name } });
        if (!removed.ok) return removed;
        return ok(`removed ${name}\n`);
      }),
    );
}
