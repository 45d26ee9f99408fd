import type { Command } from 'commander';
import { ok } from '../../../shared/result.ts';
import { administering, administers } from '../administration.ts';
import type { Report } from '../command-line.ts';
import type { CommandContext } from '../context.ts';
import { printTable } from '../print-table.ts';
import { type DataOptions, family, jsonOption, type ListOptions, printJson } from './shared-options.ts';

/** `restante app-password add|list|remove`: passwords for single programs and devices. */
export function appPasswordCommands(program: Command, context: CommandContext, report: Report): void {
  const administer = administering(context, report);
  const appPassword = family(program, 'app-password', 'passwords for single programs and devices');

  administers(appPassword.command('add'), context)
    .description('make a password for one program or device, and show it this once')
    .argument('<address>', "the account's address")
    .argument('<name>', 'what it is for')
    .action((address: string, name: string, options: DataOptions) =>
      administer(options, async (admin) => {
        const added = await admin.ask('addAppPassword', { params: { address }, body: { name } });
        if (!added.ok) return added;
        return ok(`${added.value.password}\n`);
      }),
    );

  administers(appPassword.command('list'), context)
    .description('app passwords of an account, without their secrets')
    .argument('<address>', "the account's address")
    .addOption(jsonOption())
    .action((address: string, options: ListOptions) =>
      administer(options, async (admin) => {
        const all = await admin.ask('listAppPasswords', { params: { address } });
        if (!all.ok) return all;
        const { items } = all.value;
        const rows = items.map(({ id, name, createdAt }) => [id, name, createdAt]);
        return ok(options.json ? printJson(items) : printTable(['ID', 'NAME', 'MADE'], rows));
      }),
    );

  administers(appPassword.command('remove'), context)
    .description('revoke an app password, at once')
    .argument('<address>', "the account's address")
    .argument('<id>', 'as `app-password list` shows it')
    .action((address: string, id: string, options: DataOptions) =>
      administer(options, async (admin) => {
        const removed = await admin.ask('removeAppPassword', { params: { address, id } });
        if (!removed.ok) return removed;
        return ok(`removed ${id}\n`);
      }),
    );
}
