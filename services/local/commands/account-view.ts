import type { Command } from 'commander';
import { ok } from '../../../shared/result.ts';
import type { AnswerOf } from '../../admin/client/client.ts';
import { administering, administers } from '../administration.ts';
import type { Report } from '../command-line.ts';
import type { CommandContext } from '../context.ts';
import { printTable } from '../print-table.ts';
import { printSize } from '../size.ts';
import { jsonOption, type ListOptions, printJson } from './shared-options.ts';

function printDays(days: AnswerOf<'getAccount'>['lastSignIn']): string {
  const known = Object.entries(days).filter(([, day]) => day !== null);
  return known.map(([protocol, day]) => `${protocol} ${day}`).join(', ') || 'never';
}

function printView(account: AnswerOf<'getAccount'>, usage: AnswerOf<'getUsage'>): string {
  const quota = usage.quota === null ? 'no quota' : `of ${printSize(usage.quota)}`;
  const lines = [
    ['address', account.address],
    ['name', account.name],
    ['id', account.id],
    ['tenant', account.tenant],
    ['status', account.status],
    ['protocols', account.protocols.join(', ') || 'none'],
    ['POP3 deletion', account.pop3Deletion],
    ['created', account.createdAt],
    ['last sign-in', printDays(account.lastSignIn)],
    ['usage', `${usage.messages} messages, ${printSize(usage.bytes)} (${quota})`],
  ];
  const rows = usage.mailboxes.map((m) => [m.name, m.messages, m.unseen, printSize(m.bytes)]);
  return (
    lines.map(([name, value]) => `${name!.padEnd(14)}${value}\n`).join('') +
    `\n${printTable(['MAILBOX', 'MESSAGES', 'UNSEEN', 'SIZE'], rows)}`
  );
}

interface AccountListOptions extends ListOptions {
  readonly domain?: string;
}

/** `restante account list` and `show`. */
export function accountViewCommands(account: Command, context: CommandContext, report: Report): void {
  const administer = administering(context, report);

  administers(account.command('list'), context)
    .description('all accounts')
    .option('--tenant <id>', 'of this tenant only')
    .option('--domain <domain>', 'of this domain only')
    .addOption(jsonOption())
    .action((options: AccountListOptions) =>
      administer(options, async (admin) => {
        const { tenant, domain } = options;
        const accounts = await admin.list('listAccounts', { tenant, domain });
        if (!accounts.ok) return accounts;
        const rows = accounts.value.map((a) => [
          a.address,
          a.status,
          a.protocols.join(',') || 'none',
          a.name,
        ]);
        return ok(
          options.json
            ? printJson(accounts.value)
            : printTable(['ADDRESS', 'STATUS', 'PROTOCOLS', 'NAME'], rows),
        );
      }),
    );

  administers(account.command('show'), context)
    .description('an account, its quota, what it holds and its mailboxes')
    .argument('<address>')
    .addOption(jsonOption())
    .action((address: string, options: ListOptions) =>
      administer(options, async (admin) => {
        const found = await admin.ask('getAccount', { params: { address } });
        if (!found.ok) return found;
        const usage = await admin.ask('getUsage', { params: { address } });
        if (!usage.ok) return usage;
        return ok(
          options.json
            ? printJson({ ...found.value, usage: usage.value })
            : printView(found.value, usage.value),
        );
      }),
    );
}
