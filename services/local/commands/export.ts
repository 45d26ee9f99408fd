import { type Command, Option } from 'commander';
import type { Account } from '../../../shared/engine/account.ts';
import type { Mailbox } from '../../../shared/engine/mailbox.ts';
import { mailboxName } from '../../../shared/imap/mailbox-name.ts';
import { ok } from '../../../shared/result.ts';
import type { Report } from '../command-line.ts';
import { type CommandContext, type CommandOutcome, failed } from '../context.ts';
import { withData } from '../data-folder.ts';
import { describeMailError } from '../describe-mail-error.ts';
import { type ExportFormat, type ExportReport, exportAccount } from '../transfer/export-account.ts';
import { Progress } from '../transfer/progress.ts';
import { type DataOptions, dataOption, refused } from './shared-options.ts';

interface ExportOptions extends DataOptions {
  readonly mailbox?: string;
  readonly format: ExportFormat;
}

/** `restante export`: an account's mail, as files. */
export function exportCommand(program: Command, context: CommandContext, report: Report): void {
  program
    .command('export')
    .description('write the mail of an account as files, byte for byte, with flags and dates')
    .argument('<address>', 'whose mail it is')
    .argument('<path>', 'a folder, made where there is none; with --mailbox and mbox, a file')
    .option('--mailbox <name>', 'only this one, at the path itself')
    .addOption(
      new Option('--format <format>', 'a Maildir, which a repeated export brings up to date, or mbox files')
        .choices(['maildir', 'mbox'])
        .default('maildir'),
    )
    .addOption(dataOption(context))
    .action(async (address: string, path: string, options: ExportOptions) =>
      report(await runExport(context, address, path, options)),
    );
}

async function runExport(
  context: CommandContext,
  address: string,
  path: string,
  { data: folder, mailbox, format }: ExportOptions,
): Promise<CommandOutcome> {
  return withData(context, folder, 'required', async ({ engine, provisioning }) => {
    const found = await provisioning.account(address);
    if (!found.ok) return refused(found.error);
    const startedAt = performance.now();
    const bar = new Progress(context.stderr, 'exporting');
    const run = await engine.with(found.value.id, async (account) => {
      const mailboxes = chosen(account, mailbox);
      if (mailboxes === undefined) return ok(undefined);
      const total = mailboxes.reduce((sum, { exists }) => sum + exists, 0);
      const plan = { format, path, mailboxes, single: mailbox !== undefined };
      const report = await exportAccount(account, plan, ({ written, alreadyThere }) =>
        bar.show((written + alreadyThere) / Math.max(1, total), `${written + alreadyThere} messages`),
      );
      return ok(report);
    });
    bar.end();
    if (!run.ok) return failed(describeMailError(run.error));
    if (run.value === undefined) return failed(`there is no mailbox ${mailbox}`);
    context.stdout.write(printReport(run.value, (performance.now() - startedAt) / 1000));
    const count = run.value.failed;
    return count === 0
      ? ok(undefined)
      : failed(`${count} of the mailboxes or messages could not be exported`);
  });
}

const chosen = ({ state }: Account, name: string | undefined): readonly Mailbox[] | undefined => {
  if (name === undefined) return [...state.mailboxes];
  const mailbox = state.mailboxes.named(mailboxName(name));
  return mailbox && [mailbox];
};

const printReport = (
  { written, alreadyThere, failures, failed: count }: ExportReport,
  seconds: number,
): string =>
  `${[
    `written        ${written} messages, in ${seconds.toFixed(1)} s`,
    `already there  ${alreadyThere}`,
    ...failures.map(({ mailbox, reason }) => `failed         ${mailbox}: ${reason}`),
    ...(count > failures.length ? [`  … and ${count - failures.length} more`] : []),
  ].join('\n')}\n`;
