import type { Command } from 'commander';
import { ok } from '../../../shared/result.ts';
import type { Report } from '../command-line.ts';
import type { CommandContext } from '../context.ts';
import { withData } from '../data-folder.ts';
import { printTable } from '../print-table.ts';
import {
  type DataOptions,
  dataOption,
  family,
  jsonOption,
  printJson,
  printTime,
  refused,
} from './shared-options.ts';

/** `restante app-password add|list|remove`: passwords for single programs and devices. */
export function appPasswordCommands(program: Command, context: CommandContext, report: Report): void {
  const appPassword = family(program, 'app-password', 'passwords for single programs and devices');

  appPassword
    .command('add')
    .description('make a password for one program or device, and show it this once')
    .argument('<address>', "the account's address")
    .argument('<name>', 'what it is for')
    .addOption(dataOption(context))
    .action(async (address: string, name: string, { data: folder }: DataOptions) =>
      report(
        await withData(context, folder, 'required', async ({ provisioning }) => {
          const added = await provisioning.addAppPassword(address, name);
          if (!added.ok) return refused(added.error);
          context.stdout.write(`${added.value.password}\n`);
          return ok(undefined);
        }),
      ),
    );

  appPassword
    .command('list')
    .description('app passwords of an account, without their secrets')
    .argument('<address>', "the account's address")
    .addOption(jsonOption())
    .addOption(dataOption(context))
    .action(async (address: string, { data: folder, json }: DataOptions & { json?: true }) =>
      report(
        await withData(context, folder, 'required', async ({ provisioning }) => {
          const found = await provisioning.account(address);
          if (!found.ok) return refused(found.error);
          const all = found.value.appPasswords.map(({ id, name, createdAt }) => ({
            id,
            name,
            createdAt: printTime(createdAt),
          }));
          const rows = all.map(({ id, name, createdAt }) => [id, name, createdAt]);
          context.stdout.write(json ? printJson(all) : printTable(['ID', 'NAME', 'MADE'], rows));
          return ok(undefined);
        }),
      ),
    );

  appPassword
    .command('remove')
    .description('revoke an app password, at once')
    .argument('<address>', "the account's address")
    .argument('<id>', 'as `app-password list` shows it')
    .addOption(dataOption(context))
    .action(async (address: string, id: string, { data: folder }: DataOptions) =>
      report(
        await withData(context, folder, 'required', async ({ provisioning }) => {
          const removed = await provisioning.removeAppPassword(address, id);
          if (!removed.ok) return refused(removed.error);
          context.stdout.write(`removed ${id}\n`);
          return ok(undefined);
        }),
      ),
    );
}
