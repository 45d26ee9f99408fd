import type { Command } from 'commander';
import type { AccountState } from '../../../shared/engine/state.ts';
import type { AccountRecord } from '../../../shared/ports/directory.ts';
import { ok } from '../../../shared/result.ts';
import type { Report } from '../command-line.ts';
import { type CommandContext, failed } from '../context.ts';
import { withData } from '../data-folder.ts';
import { describeMailError } from '../describe-mail-error.ts';
import { printTable } from '../print-table.ts';
import { printSize } from '../size.ts';
import {
  type DataOptions,
  dataOption,
  everyItem,
  jsonOption,
  printJson,
  printTime,
  refused,
} from './shared-options.ts';

const directoryView = (record: AccountRecord) => ({
  address: record.address,
  id: record.id,
  name: record.displayName,
  status: record.status,
  protocols: record.protocols,
  pop3Deletion: record.pop3Deletion,
  createdAt: printTime(record.createdAt),
});

const byName = (a: { name: string }, b: { name: string }) =>
  a.name === 'INBOX' ? -1 : b.name === 'INBOX' ? 1 : a.name < b.name ? -1 : 1;

/** Sizes in bytes. */
const storeView = ({ limits, usage, mailboxes }: AccountState) => ({
  quota: limits.bytes ?? null,
  usage,
  mailboxes: [...mailboxes]
    .map(({ name, specialUse, exists, unseen, bytes }) => ({ name, specialUse, exists, unseen, bytes }))
    .sort(byName),
});

type View = ReturnType<typeof directoryView> & ReturnType<typeof storeView>;

function printView(view: View): string {
  const quota = view.quota === null ? 'no quota' : `of ${printSize(view.quota)}`;
  const lines = [
    ['address', view.address],
    ['name', view.name],
    ['id', view.id],
    ['status', view.status],
    ['protocols', view.protocols.join(', ') || 'none'],
    ['POP3 deletion', view.pop3Deletion],
    ['created', view.createdAt],
    ['usage', `${view.usage.messages} messages, ${printSize(view.usage.bytes)} (${quota})`],
  ];
  const rows = view.mailboxes.map((m) => [m.name, m.exists, m.unseen, printSize(m.bytes)]);
  return (
    lines.map(([name, value]) => `${name!.padEnd(14)}${value}\n`).join('') +
    `\n${printTable(['MAILBOX', 'MESSAGES', 'UNSEEN', 'SIZE'], rows)}`
  );
}

/** `restante account list` and `show`. */
export function accountViewCommands(account: Command, context: CommandContext, report: Report): void {
  account
    .command('list')
    .description('all accounts')
    .addOption(jsonOption())
    .addOption(dataOption(context))
    .action(async ({ data: folder, json }: DataOptions & { json?: true }) =>
      report(
        await withData(context, folder, 'required', async ({ store }) => {
          const accounts = [];
          for await (const record of everyItem((after) => store.directory.accounts(after)))
            accounts.push(directoryView(record));
          const rows = accounts.map((a) => [a.address, a.status, a.protocols.join(',') || 'none', a.name]);
          context.stdout.write(
            json ? printJson(accounts) : printTable(['ADDRESS', 'STATUS', 'PROTOCOLS', 'NAME'], rows),
          );
          return ok(undefined);
        }),
      ),
    );

  account
    .command('show')
    .description('an account, its quota and its mailboxes')
    .argument('<address>')
    .addOption(jsonOption())
    .addOption(dataOption(context))
    .action(async (address: string, { data: folder, json }: DataOptions & { json?: true }) =>
      report(
        await withData(context, folder, 'required', async ({ engine, provisioning }) => {
          const found = await provisioning.account(address);
          if (!found.ok) return refused(found.error);
          const state = await engine.with(found.value.id, async (opened) => ok(opened.state));
          if (!state.ok) return failed(describeMailError(state.error));
          const view = { ...directoryView(found.value), ...storeView(state.value) };
          context.stdout.write(json ? printJson(view) : printView(view));
          return ok(undefined);
        }),
      ),
    );
}
