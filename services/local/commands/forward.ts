import type { Command } from 'commander';
import { err, ok } from '../../../shared/result.ts';
import type { AdminClient, AnswerOf } from '../../admin/client/client.ts';
import { administering, administers } from '../administration.ts';
import type { Report } from '../command-line.ts';
import { addOptions, forwardOutsideOption } from '../config-options.ts';
import { type CommandContext, wrongUsage } from '../context.ts';
import { OptionReader, parseSwitch } from '../option-reader.ts';
import { printTable } from '../print-table.ts';
import { type DataOptions, family, jsonOption, type ListOptions, printJson } from './shared-options.ts';

const describe = ({ address, forwarding }: AnswerOf<'getAccount'>): string =>
  forwarding === null
    ? `mail to ${address} stays there\n`
    : `mail to ${address} goes to ${forwarding.targets.join(', ')}${forwarding.keep ? ', and a copy stays' : ''}\n`;

async function setForwarding(admin: AdminClient, address: string, targets: string[], keep: boolean) {
  const forwarding = targets.length === 0 ? null : { targets, keep };
  const changed = await admin.ask('changeAccount', { params: { address }, body: { forwarding } });
  return changed.ok ? ok(describe(changed.value)) : changed;
}

/** `restante forward add|list|remove`: an account's mail for others. */
export function forwardCommands(program: Command, context: CommandContext, report: Report): void {
  const administer = administering(context, report);
  const forward = family(program, 'forward', "where else an account's mail goes");

  const add = administers(forward.command('add'), context)
    .description("send an account's mail on to others; a copy stays unless --no-keep is given")
    .argument('<address>', "the account's address")
    .argument(
      '<target...>',
      'addresses in domains here; of others only where the server runs with --forward-outside',
    )
    .option('--no-keep', 'leave no copy in the account');
  addOptions(add, [forwardOutsideOption]).action(
    async (address: string, added: string[], options: DataOptions & { keep: boolean }) => {
      const reader = new OptionReader([forwardOutsideOption], options, context.env);
      const forwardOutside = reader.read('forward-outside', parseSwitch, false);
      if (reader.complaints[0] !== undefined) return report(wrongUsage(reader.complaints[0]));
      const change = async (admin: AdminClient) => {
        const found = await admin.ask('getAccount', { params: { address } });
        if (!found.ok) return found;
        const before = found.value.forwarding?.targets ?? [];
        return await setForwarding(admin, address, [...before, ...added], options.keep);
      };
      // Where a server is asked, that is for its own configuration to say.
      await administer(options, change, { forwardOutside });
    },
  );

  administers(forward.command('list'), context)
    .description('accounts whose mail goes to others, and how much of it waits to be sent')
    .addOption(jsonOption())
    .action((options: ListOptions) =>
      administer(options, async (admin) => {
        const waiting = await admin.ask('listWaiting');
        if (!waiting.ok) return waiting;
        const waits = new Map(waiting.value.items.map(({ id, ...one }) => [id, one]));
        const accounts = await admin.list('listAccounts');
        if (!accounts.ok) return accounts;
        const all = accounts.value.flatMap(({ id, address, forwarding }) =>
          forwarding === null
            ? []
            : [{ address, ...forwarding, ...(waits.get(id) ?? { waiting: 0, oldest: null }) }],
        );
        const rows = all.map((one) => [
          ...[one.address, one.targets.join(', '), one.keep ? 'yes' : 'no', String(one.waiting)],
          one.oldest ?? '',
        ]);
        const columns = ['ACCOUNT', 'GOES TO', 'COPY STAYS', 'WAITING', 'SINCE'];
        return ok(options.json ? printJson(all) : printTable(columns, rows));
      }),
    );

  administers(forward.command('remove'), context)
    .description("send an account's mail on to these no more, or to nobody where none is named")
    .argument('<address>', "the account's address")
    .argument('[target...]')
    .action((address: string, removed: string[], options: DataOptions) =>
      administer(options, async (admin) => {
        const found = await admin.ask('getAccount', { params: { address } });
        if (!found.ok) return found;
        const before = found.value.forwarding ?? { targets: [], keep: true };
        const gone = new Set(removed.map((text) => text.toLowerCase()));
        for (const name of gone)
          if (!before.targets.includes(name))
            return err({ kind: 'notFound', message: `there is no ${name}` });
        const left = gone.size === 0 ? [] : before.targets.filter((target) => !gone.has(target));
        return await setForwarding(admin, address, left, before.keep);
      }),
    );
}
