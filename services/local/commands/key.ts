import { type Command, InvalidArgumentError } from 'commander';
import { ok } from '../../../shared/result.ts';
import { type Scope, scopes } from '../../admin/api/scopes.ts';
import { administering, administers } from '../administration.ts';
import type { Report } from '../command-line.ts';
import type { CommandContext } from '../context.ts';
import { parseDuration } from '../duration.ts';
import { printTable } from '../print-table.ts';
import { type DataOptions, family, jsonOption, type ListOptions, printJson } from './shared-options.ts';

function scopesArgument(text: string): readonly Scope[] {
  const named = text.split(',').map((name) => name.trim());
  const known = scopes.filter((scope) => named.includes(scope));
  if (known.length !== new Set(named).size)
    throw new InvalidArgumentError(`choose from ${scopes.join(', ')}`);
  return known;
}

function periodArgument(text: string): number {
  const period = parseDuration(text);
  if (!period.ok) throw new InvalidArgumentError(period.error);
  return period.value;
}

interface AddOptions extends DataOptions {
  readonly scopes: readonly Scope[];
  readonly tenant?: string;
  readonly expires?: number;
}

/** `restante key add|list|remove`: who may use the admin API. */
export function keyCommands(program: Command, context: CommandContext, report: Report): void {
  const administer = administering(context, report);
  const key = family(program, 'key', 'who may use the admin API');

  administers(key.command('add'), context)
    .description('make an API key, and show it this once')
    .argument('<name>', 'what it is for')
    .option(
      '--scopes <scopes>',
      'what it may do, such as accounts:write,domains:read',
      scopesArgument,
      scopes,
    )
    .option('--tenant <id>', 'the one tenant that it is for')
    .option('--expires <period>', 'after which it is not valid any more, such as 90d', periodArgument)
    .action((name: string, options: AddOptions) =>
      administer(options, async (admin) => {
        const { tenant, expires } = options;
        const added = await admin.ask('addKey', {
          body: {
            name,
            scopes: [...options.scopes],
            tenant,
            expiresAt: expires === undefined ? undefined : new Date(Date.now() + expires).toISOString(),
          },
        });
        if (!added.ok) return added;
        return ok(`${added.value.token}\n`);
      }),
    );

  administers(key.command('list'), context)
    .description('all keys, without their secrets')
    .option('--tenant <id>', 'of this tenant only')
    .addOption(jsonOption())
    .action((options: ListOptions) =>
      administer(options, async (admin) => {
        const all = await admin.list('listKeys', { tenant: options.tenant });
        if (!all.ok) return all;
        const rows = all.value.map(({ id, name, tenant, expiresAt, scopes: granted }) => [
          id,
          name,
          tenant ?? 'all',
          expiresAt ?? 'never',
          granted.length === scopes.length ? 'everything' : granted.join(' '),
        ]);
        return ok(
          options.json
            ? printJson(all.value)
            : printTable(['ID', 'NAME', 'TENANT', 'EXPIRES', 'SCOPES'], rows),
        );
      }),
    );

  administers(key.command('remove'), context)
    .description('revoke an API key, at once')
    .argument('<id>')
    .action((id: string, options: DataOptions) =>
      administer(options, async (admin) => {
        const removed = await admin.ask('removeKey', { params: { id } });
        if (!removed.ok) return removed;
        return ok(`removed ${id}\n`);
      }),
    );
}
