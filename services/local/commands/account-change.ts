import { type Command, InvalidArgumentError, Option } from 'commander';
import { isDisplayName } from '../../../shared/directory/provisioning.ts';
import { setLimit } from '../../../shared/engine/actions.ts';
import type { Pop3Deletion, Protocol } from '../../../shared/ports/directory.ts';
import { ok } from '../../../shared/result.ts';
import type { Report } from '../command-line.ts';
import { type CommandContext, failed, wrongUsage } from '../context.ts';
import { withData } from '../data-folder.ts';
import { describeMailError } from '../describe-mail-error.ts';
import { type PasswordOptions, passwordFrom } from '../read-password.ts';
import { printSize } from '../size.ts';
import { type DataOptions, dataOption, passwordOptions, refused, sizeArgument } from './shared-options.ts';

const protocolNames: readonly Protocol[] = ['imap', 'pop3', 'submission'];
const deletionPolicies: readonly Pop3Deletion[] = ['expunge', 'trash', 'hide'];

function parseProtocols(text: string): readonly Protocol[] {
  if (text === 'none') return [];
  const names = new Set(text.split(',').map((name) => name.trim().toLowerCase()));
  const protocols = protocolNames.filter((name) => names.delete(name));
  if (names.size > 0) throw new InvalidArgumentError(`choose from ${protocolNames.join(', ')}, or none`);
  return protocols;
}

const parseQuota = (text: string): number | 'none' => (text === 'none' ? 'none' : sizeArgument(text));

interface SetOptions extends DataOptions {
  readonly protocols?: readonly Protocol[];
  readonly pop3Deletion?: Pop3Deletion;
  readonly name?: string;
  readonly suspend?: true;
  readonly resume?: true;
}

/** What `set` changes; undefined where it was told nothing. */
function changeFrom({ protocols, pop3Deletion, name, suspend, resume }: SetOptions) {
  const change = {
    ...(protocols && { protocols }),
    ...(pop3Deletion && { pop3Deletion }),
    ...(name !== undefined && { displayName: name.normalize('NFC') }),
    ...(suspend && { status: 'suspended' as const }),
    ...(resume && { status: 'active' as const }),
  };
  return Object.keys(change).length === 0 ? undefined : change;
}

/** `restante account passwd`, `quota` and `set`: a running server acts on them at once. */
export function accountChangeCommands(account: Command, context: CommandContext, report: Report): void {
  const passwd = account
    .command('passwd')
    .description('set a new password; without one, it is generated and shown')
    .argument('<address>');
  for (const option of [...passwordOptions(), dataOption(context)]) passwd.addOption(option);
  passwd.action(async (address: string, options: DataOptions & PasswordOptions) => {
    const password = await passwordFrom(options, context);
    if (!password.ok) return report(password);
    report(
      await withData(context, options.data, 'required', async ({ provisioning }) => {
        const changed = await provisioning.changePassword(address, password.value);
        if (!changed.ok) return refused(changed.error);
        context.stdout.write(`the password of ${address} is changed\n`);
        if (password.value === undefined) context.stdout.write(`password: ${changed.value}\n`);
        return ok(undefined);
      }),
    );
  });

  account
    .command('quota')
    .description('set how much mail an account may hold')
    .argument('<address>')
    .argument('<size>', 'such as 5GB, or none', parseQuota)
    .addOption(dataOption(context))
    .action(async (address: string, size: number | 'none', { data: folder }: DataOptions) =>
      report(
        await withData(context, folder, 'required', async ({ engine, provisioning }) => {
          const found = await provisioning.account(address);
          if (!found.ok) return refused(found.error);
          const limit = size === 'none' ? undefined : size;
          const set = await engine.with(found.value.id, (opened) => opened.commit(setLimit(limit)));
          if (!set.ok) return failed(describeMailError(set.error));
          const shown = limit === undefined ? 'no quota' : `a quota of ${printSize(limit)}`;
          context.stdout.write(`${found.value.address} has ${shown}\n`);
          return ok(undefined);
        }),
      ),
    );

  account
    .command('set')
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
    .addOption(dataOption(context))
    .action(async (address: string, options: SetOptions) => {
      const change = changeFrom(options);
      if (change === undefined)
        return report(wrongUsage('nothing to set: see "restante account set --help"'));
      report(
        await withData(context, options.data, 'required', async ({ provisioning, store }) => {
          if (change.displayName !== undefined && !isDisplayName(change.displayName))
            return refused({ kind: 'badName' });
          const found = await provisioning.account(address);
          if (!found.ok) return refused(found.error);
          const changed = await store.directory.updateAccount(found.value.id, change);
          if (!changed.ok) return refused(changed.error);
          context.stdout.write(`changed ${changed.value.address}\n`);
          return ok(undefined);
        }),
      );
    });
}
