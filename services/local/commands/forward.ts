import type { Command } from 'commander';
import type { AccountRecord } from '../../../shared/ports/directory.ts';
import { ok } from '../../../shared/result.ts';
import { noneWaits, waitsOf } from '../../forwarding/waits.ts';
import type { Data } from '../assemble.ts';
import type { Report } from '../command-line.ts';
import { addOptions, forwardOutsideOption } from '../config-options.ts';
import { type CommandContext, failed, wrongUsage } from '../context.ts';
import { withData } from '../data-folder.ts';
import { OptionReader, parseSwitch } from '../option-reader.ts';
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

  const add = forward
    .command('add')
    .description("send an account's mail on to others; a copy stays unless --no-keep is given")
    .argument('<address>', "the account's address")
    .argument(
      '<target...>',
      'addresses in domains here; of others only where the server runs with --forward-outside',
    )
    .option('--no-keep', 'leave no copy in the account')
    .addOption(dataOption(context));
  addOptions(add, [forwardOutsideOption]).action(
    async (address: string, added: string[], options: DataOptions & { keep: boolean }) => {
      const reader = new OptionReader([forwardOutsideOption], options, context.env);
      const forwardOutside = reader.read('forward-outside', parseSwitch, false);
      if (reader.complaints[0] !== undefined) return report(wrongUsage(reader.complaints[0]));
      const change = async ({ provisioning }: Data) => {
        const found = await provisioning.account(address);
        if (!found.ok) return refused(found.error);
        const targets = [...(found.value.forwarding?.targets ?? []), ...added];
        const set = await provisioning.setForwarding(address, targets, options.keep);
        if (!set.ok) return refused(set.error);
        context.stdout.write(describe(set.value));
        return ok(undefined);
      };
      report(await withData(context, options.data, 'required', change, { forwardOutside }));
    },
  );

  forward
    .command('list')
    .description('accounts whose mail goes to others, and how much of it waits to be sent')
    .addOption(jsonOption())
    .addOption(dataOption(context))
    .action(async ({ data: folder, json }: DataOptions & { json?: true }) =>
      report(
        await withData(context, folder, 'required', async ({ store, engine }) => {
          const waiting = await waitsOf(engine);
          if (!waiting.ok) return failed(`the outbox cannot be read: ${waiting.error.kind}`);
          const all = [];
          for await (const { id, address, forwarding } of everyItem((after) =>
            store.directory.accounts(after),
          ))
            if (forwarding) all.push({ address, ...forwarding, ...(waiting.value.get(id) ?? noneWaits) });
          const rows = all.map((one) => [
            ...[one.address, one.targets.join(', '), one.keep ? 'yes' : 'no', String(one.waiting)],
            one.oldest ?? '',
          ]);
          const columns = ['ACCOUNT', 'GOES TO', 'COPY STAYS', 'WAITING', 'SINCE'];
          context.stdout.write(json ? printJson(all) : printTable(columns, rows));
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
