import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Pop3Deletion, Protocol } from '../../../shared/ports/directory.ts';
import { ok } from '../../../shared/result.ts';
import { administering, administers } from '../administration.ts';
import type { Report } from '../command-line.ts';
import { type CommandContext, wrongUsage } from '../context.ts';
import { type PasswordOptions, passwordFrom } from '../read-password.ts';
import { printSize } from '../size.ts';
import { type DataOptions, passwordLine, passwordOptions, sizeArgument } from './shared-options.ts';

const protocolNames: readonly Protocol[] = ['imap', 'pop3', 'submission'];
const deletionPolicies: readonly Pop3Deletion[] = ['expunge', 'trash', 'hide'];

function parseProtocols(text: string): readonly Protocol[] {
  if (text === 'none') return [];
  const names = new Set(text.split(',').map((name) => name.trim().toLowerCase()));
  const protocols = protocolNames.filter((name) => names.delete(name));
  if (names.size > 0) throw new InvalidArgumentError(`choose from ${protocolNames.join(', ')}, or none`);
  return protocols;
}

/** Null for no limit, as in the API. */
const parseQuota = (text: string): number | null => (text === 'none' ? null : sizeArgument(text));

interface SetOptions extends DataOptions {
  readonly protocols?: readonly Protocol[];
  readonly pop3Deletion?: Pop3Deletion;
  readonly name?: string;
  readonly suspend?: true;
  readonly resume?: true;
}

/** What `set` changes; empty where it was told nothing. */
const changeFrom = ({ protocols, pop3Deletion, name, suspend, resume }: SetOptions) => ({
  ...(protocols && { protocols: [...protocols] }),
  ...(pop3Deletion && { pop3Deletion }),
  ...(name !== undefined && { name }),
  ...(suspend && { status: 'suspended' as const }),
  ...(resume && { status: 'active' as const }),
});

/** `restante account passwd`, `quota` and `set`: a running server acts on them at once. */
export function accountChangeCommands(account: Command, context: CommandContext, report: Report): void {
  const administer = administering(context, report);

  const passwd = administers(account.command('passwd'), context)
    .description('set a new password; without one, it is generated and shown')
    .argument('<address>');
  for (const option of passwordOptions()) passwd.addOption(option);
  passwd.action(async (address: string, options: DataOptions & PasswordOptions) => {
    const password = await passwordFrom(options, context);
    if (!password.ok) return report(password);
    await administer(options, async (admin) => {
      const changed = await admin.ask('changePassword', {
        params: { address },
        body: { password: password.value },
      });
      return changed.ok
        ? ok(`the password of ${address} is changed\n${passwordLine(changed.value)}`)
        : changed;
    });
  });

  administers(account.command('quota'), context)
    .description('set how much mail an account may hold')
    .argument('<address>')
    .argument('<size>', 'such as 5GB, or none', parseQuota)
    .action((address: string, quota: number | null, options: DataOptions) =>
      administer(options, async (admin) => {
        const changed = await admin.ask('changeAccount', { params: { address }, body: { quota } });
        const shown = quota === null ? 'no quota' : `a quota of ${printSize(quota)}`;
        return changed.ok ? ok(`${changed.value.address} has ${shown}\n`) : changed;
      }),
    );

  administers(account.command('set'), context)
    .description('change how an account may be used')
    .argument('<address>')
    .option('--protocols <names>', `any of ${protocolNames.join(',')}, or none`, parseProtocols)
    .addOption(
      new Option('--pop3-deletion <policy>', 'what becomes of mail that POP3 deletes').choices(
        deletionPolicies,
      ),
    )
    .option('--name <name>', 'whose it is')
    .addOption(new Option('--suspend', 'refuse sign-in and mail').conflicts('resume'))
    .option('--resume', 'undo --suspend')
    .action(async (address: string, options: SetOptions) => {
      const body = changeFrom(options);
      if (Object.keys(body).length === 0)
        return report(wrongUsage('nothing to set: see "restante account set --help"'));
      await administer(options, async (admin) => {
        const changed = await admin.ask('changeAccount', { params: { address }, body });
        return changed.ok ? ok(`changed ${changed.value.address}\n`) : changed;
      });
    });
}
