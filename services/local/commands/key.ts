import { type Command, InvalidArgumentError } from 'commander';
import { systemEntropy } from '../../../shared/ids.ts';
import { ok } from '../../../shared/result.ts';
import { type ApiKey, KeyRing } from '../../admin/api/key-ring.ts';
import { type Scope, scopes } from '../../admin/api/scopes.ts';
import type { Report } from '../command-line.ts';
import { type CommandContext, failed } from '../context.ts';
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
} from './shared-options.ts';

function scopesArgument(text: string): readonly Scope[] {
  const named = text.split(',').map((name) => name.trim());
  const known = scopes.filter((scope) => named.includes(scope));
  if (known.length !== new Set(named).size)
    throw new InvalidArgumentError(`choose from ${scopes.join(', ')}`);
  return known;
}

const view = ({ id, name, scopes: granted, tenant, createdAt }: ApiKey) => ({
  id,
  name,
  scopes: granted,
  tenant: tenant ?? null,
  createdAt: printTime(createdAt),
});

/** `restante key add|list|remove`: who may use the admin API. */
export function keyCommands(program: Command, context: CommandContext, report: Report): void {
  const key = family(program, 'key', 'who may use the admin API');

  key
    .command('add')
    .description('make an API key, and show it this once')
    .argument('<name>', 'what it is for')
    .option(
      '--scopes <scopes>',
      'what it may do, such as accounts:write,domains:read',
      scopesArgument,
      scopes,
    )
    .option('--tenant <id>', 'the one tenant that it is for')
    .addOption(dataOption(context))
    .action(
      async (
        name: string,
        options: DataOptions & { readonly scopes: readonly Scope[]; readonly tenant?: string },
      ) =>
        report(
          await withData(context, options.data, 'required', async ({ store }) => {
            const { tenant } = options;
            if (tenant !== undefined && !(await store.directory.tenant(tenant)))
              return failed(`there is no tenant ${tenant}`);
            const keys = new KeyRing(store.adminRecords, systemEntropy);
            const { token } = await keys.add({
              name: name.slice(0, 100),
              scopes: options.scopes,
              tenant,
              expiresAt: undefined,
            });
            context.stdout.write(`${token}\n`);
            return ok(undefined);
          }),
        ),
    );

  key
    .command('list')
    .description('all keys, without their secrets')
    .addOption(jsonOption())
    .addOption(dataOption(context))
    .action(async ({ data: folder, json }: DataOptions & { json?: true }) =>
      report(
        await withData(context, folder, 'required', async ({ store }) => {
          const keys = new KeyRing(store.adminRecords, systemEntropy);
          const all = [];
          for await (const one of everyItem((after) => keys.keys(500, after))) all.push(view(one));
          const rows = all.map(({ id, name, tenant, scopes: granted }) => [
            id,
            name,
            tenant ?? 'all',
            granted.length === scopes.length ? 'everything' : granted.join(' '),
          ]);
          context.stdout.write(json ? printJson(all) : printTable(['ID', 'NAME', 'TENANT', 'SCOPES'], rows));
          return ok(undefined);
        }),
      ),
    );

  key
    .command('remove')
    .description('revoke an API key, at once')
    .argument('<id>')
    .addOption(dataOption(context))
    .action(async (id: string, { data: folder }: DataOptions) =>
      report(
        await withData(context, folder, 'required', async ({ store }) => {
          if (!(await store.adminRecords.removeRecord('key', id))) return failed(`there is no key ${id}`);
          context.stdout.write(`removed ${id}\n`);
          return ok(undefined);
        }),
      ),
    );
}
