import type { Command } from 'commander';
import { err, ok } from '../../../shared/result.ts';
import { administering, administers } from '../administration.ts';
import type { Report } from '../command-line.ts';
import type { CommandContext } from '../context.ts';
import { type PasswordOptions, passwordFrom } from '../read-password.ts';
import { accountChangeCommands } from './account-change.ts';
import { accountViewCommands } from './account-view.ts';
import { type DataOptions, family, passwordLine, passwordOptions, sizeArgument } from './shared-options.ts';

interface AddOptions extends DataOptions, PasswordOptions {
  readonly quota?: number;
  readonly name?: string;
}

/** `restante account …`: who has mail here. */
export function accountCommands(program: Command, context: CommandContext, report: Report): void {
  const administer = administering(context, report);
  const account = family(program, 'account', 'who has mail here');

  const add = administers(account.command('add'), context)
    .description('make an account; without a password, one is generated and shown')
    .argument('<address>', 'such as anna@example.org; the domain must have been added')
    .option('--quota <size>', 'how much mail it may hold, such as 5GB; no limit unless given', sizeArgument)
    .option('--name <name>', 'whose it is');
  for (const option of passwordOptions()) add.addOption(option);
  add.action(async (address: string, options: AddOptions) => {
    const password = await passwordFrom(options, context);
    if (!password.ok) return report(password);
    const { name, quota } = options;
    await administer(options, async (admin) => {
      const added = await admin.ask('addAccount', {
        body: { address, password: password.value, name, quota },
      });
      if (added.ok) return ok(`added ${added.value.address}\n${passwordLine(added.value)}`);
      const { kind, message } = added.error;
      return kind === 'notFound'
        ? err({ kind, message: `${message} here: add it first with "restante domain add"` })
        : added;
    });
  });

  accountViewCommands(account, context, report);
  accountChangeCommands(account, context, report);

  administers(account.command('remove'), context)
    .description('remove an account and, with the next maintenance, its mail')
    .argument('<address>')
    .action((address: string, options: DataOptions) =>
      administer(options, async (admin) => {
        const removed = await admin.ask('removeAccount', { params: { address } });
        return removed.ok ? ok(`removed ${address}\n`) : removed;
      }),
    );
}
