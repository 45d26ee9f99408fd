import type { Command } from 'commander';
import { ok } from '../../../shared/result.ts';
import { addAccount } from '../add-account.ts';
import type { Report } from '../command-line.ts';
import { type CommandContext, failed } from '../context.ts';
import { withData } from '../data-folder.ts';
import { type PasswordOptions, passwordFrom } from '../read-password.ts';
import { removeAccount } from '../remove-account.ts';
import { accountChangeCommands } from './account-change.ts';
import { accountViewCommands } from './account-view.ts';
import {
  type DataOptions,
  dataOption,
  family,
  passwordOptions,
  refused,
  sizeArgument,
} from './shared-options.ts';

interface AddOptions extends DataOptions, PasswordOptions {
  readonly quota?: number;
  readonly name?: string;
}

/** `restante account …`: who has mail here. */
export function accountCommands(program: Command, context: CommandContext, report: Report): void {
  const account = family(program, 'account', 'who has mail here');

  const add = account
    .command('add')
    .description('make an account; without a password, one is generated and shown')
    .argument('<address>', 'such as anna@example.org; the domain must have been added')
    .option('--quota <size>', 'how much mail it may hold, such as 5GB; no limit unless given', sizeArgument)
    .option('--name <name>', 'whose it is');
  for (const option of [...passwordOptions(), dataOption(context)]) add.addOption(option);
  add.action(async (address: string, options: AddOptions) => {
    const password = await passwordFrom(options, context);
    if (!password.ok) return report(password);
    report(
      await withData(context, options.data, 'required', async (data) => {
        const added = await addAccount(data, {
          address,
          ...(password.value === undefined ? {} : { password: password.value }),
          ...(options.name === undefined ? {} : { displayName: options.name }),
          quota: options.quota,
        });
        if (!added.ok) {
          const noDomain = added.error.kind === 'notFound';
          return noDomain
            ? failed(`${added.error.name} is no domain here: add it first with "restante domain add"`)
            : refused(added.error);
        }
        context.stdout.write(`added ${added.value.account.address}\n`);
        if (password.value === undefined) context.stdout.write(`password: ${added.value.password}\n`);
        return ok(undefined);
      }),
    );
  });

  accountViewCommands(account, context, report);
  accountChangeCommands(account, context, report);

  account
    .command('remove')
    .description('remove an account and, with the next maintenance, its mail')
    .argument('<address>')
    .addOption(dataOption(context))
    .action(async (address: string, { data: folder }: DataOptions) =>
      report(
        await withData(context, folder, 'required', async (data) => {
          const removed = await removeAccount(data, address);
          if (!removed.ok) return refused(removed.error);
          context.stdout.write(`removed ${removed.value.address}\n`);
          return ok(undefined);
        }),
      ),
    );
}
