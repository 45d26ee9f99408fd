import type { Command } from 'commander';
import type { AccountRecord } from '../../../shared/ports/directory.ts';
import { ok } from '../../../shared/result.ts';
import type { Report } from '../command-line.ts';
import type { CommandContext } from '../context.ts';
import { withData } from '../data-folder.ts';
import { printTable } from '../print-table.ts';
import {
  type DataOptions,
  dataOption,
  everyItem,
  family,
  jsonOption,
  printJson,
  refused,
} from './shared-options.ts';

const describe = ({ address, forwarding }: AccountRecord): string =>
  forwarding === undefined
    ? `mail to ${address} stays there\n`
    : `mail to ${address} goes to ${forwarding.targets.join(', ')}${forwarding.keep ? ', and a copy stays' : ''}\n`;

/** `restante forward add|list|remove`: an account's mail for others. */
export function forwardCommands(program: Command, context: CommandContext, report: Report): void {
  const forward = family(program, 'forward', "where else an account's mail goes");

  forward
    .command('add')
    .description("send an account's mail on to others here; a copy stays unless --no-keep is given")
    .argument('<address>', "the account's address")
    .argument('<target...>', 'addresses in domains here')
    .option('--no-keep', 'leave no copy in the account')
    .addOption(dataOption(context))
    .action(
      async (address: string, added: string[], { data: folder, keep }: DataOptions & { keep: boolean }) =>
        report(
          await withData(context, folder, 'required', async ({ provisioning }) => {
            const found = await provisioning.account(address);
            if (!found.ok) return refused(found.error);
            const targets = [...(found.value.forwarding?.targets ?? []), ...added];
            const set = await provisioning.setForwarding(address, targets, keep);
            if (!set.ok) return refused(set.error);
            context.stdout.write(describe(set.value));
            return ok(undefined);
          }),
        ),
    );

  forward
    .command('list')
    .description('accounts whose mail goes to others')
    .addOption(jsonOption())
    .addOption(dataOption(context))
    .action(async ({ data: folder, json }: DataOptions & { json?: true }) =>
      report(
        await withData(context, folder, 'required', async ({ store }) => {
          const all = [];
          for await (const { address, forwarding } of everyItem((after) => store.directory.accounts(after)))
            if (forwarding) all.push({ address, ...forwarding });
          const rows = all.map((one) => [one.address, one.targets.join(', '), one.keep ? 'yes' : 'no']);
          context.stdout.write(
            json ? printJson(all) : printTable(['ACCOUNT', 'GOES TO', 'COPY STAYS'], rows),
          );
          return ok(undefined);
        }),
      ),
    );

  forward
    .command('remove')
    .description("send an account's mail on to these no more, or to nobody where none is named")
    .argument('<address>', "the account's address")
    .argument('[target...]')
    .addOption(dataOption(context))
    .action(async (address: string, removed: string[], { data: folder }: DataOptions) =>
      report(
        await withData(context, folder, 'required', async ({ provisioning }) => {
          const found = await provisioning.account(address);
          if (!found.ok) return refused(found.error);
          const before = found.value.forwarding ?? { targets: [], keep: true };
          const gone = new Set(removed.map((text) => text.toLowerCase()));
          for (const name of gone)
            if (!before.targets.some((target) => target === name)) return refused({ kind: 'notFound', name });
          const left = gone.size === 0 ? [] : before.targets.filter((target) => !gone.has(target));
          const set = await provisioning.setForwarding(address, left, before.keep);
          if (!set.ok) return refused(set.error);
          context.stdout.write(describe(set.value));
          return ok(undefined);
        }),
      ),
    );
}
