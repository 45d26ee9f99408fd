import type { Command } from 'commander';
import { ok } from '../../../shared/result.ts';
import { administering, administers } from '../administration.ts';
import type { Report } from '../command-line.ts';
import type { CommandContext } from '../context.ts';
import { printTable } from '../print-table.ts';
import { type DataOptions, family, jsonOption, type ListOptions, printJson } from './shared-options.ts';

/** `restante tenant add|list|rename|remove`: customers with domains of their own. */
export function tenantCommands(program: Command, context: CommandContext, report: Report): void {
  const administer = administering(context, report);
  const tenant = family(program, 'tenant', 'customers with domains of their own');

  administers(tenant.command('add'), context)
    .description('add a tenant')
    .argument('<id>', 'small letters, digits and hyphens')
    .option('--name <name>', 'what it is called')
    .action((id: string, options: DataOptions & { name?: string }) =>
      administer(
        options,
        async (admin) => {
          const added = await admin.ask('addTenant', { body: { id, name: options.name } });
          if (!added.ok) return added;
          return ok(`added ${id}\n`);
        },
        { existing: 'optional' },
      ),
    );

  administers(tenant.command('list'), context)
    .description('all tenants')
    .addOption(jsonOption())
    .action((options: ListOptions) =>
      administer(options, async (admin) => {
        const all = await admin.list('listTenants');
        if (!all.ok) return all;
        const rows = all.value.map(({ id, name, createdAt }) => [id, createdAt, name]);
        return ok(options.json ? printJson(all.value) : printTable(['ID', 'MADE', 'NAME'], rows));
      }),
    );

  administers(tenant.command('rename'), context)
    .description('call a tenant otherwise; its id stays')
    .argument('<id>')
    .argument('<name>', 'what it is called')
    .action((id: string, name: string, options: DataOptions) =>
      administer(options, async (admin) => {
        const renamed = await admin.ask('changeTenant', { params: { tenant: id }, body: { name } });
        if (!renamed.ok) return renamed;
        return ok(`${id} is called ${renamed.value.name}\n`);
      }),
    );

  administers(tenant.command('remove'), context)
    .description('remove a tenant that has no domain')
    .argument('<id>')
    .action((id: string, options: DataOptions) =>
      administer(options, async (admin) => {
        const removed = await admin.ask('removeTenant', { params: { tenant: id } });
        if (!removed.ok) return removed;
        return ok(`removed ${id}\n`);
      }),
    );
}
