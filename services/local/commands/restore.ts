import { type Command, InvalidArgumentError } from 'commander';
import { type Restorable, restorable, restoreMessages } from '../../../shared/engine/restore.ts';
import { mailboxName } from '../../../shared/imap/mailbox-name.ts';
import { err, ok } from '../../../shared/result.ts';
import type { Report } from '../command-line.ts';
import { type CommandContext, type CommandOutcome, failed } from '../context.ts';
import { withData } from '../data-folder.ts';
import { describeMailError } from '../describe-mail-error.ts';
import { parseMoment } from '../duration.ts';
import { printTable } from '../print-table.ts';
import { printSize } from '../size.ts';
import { type DataOptions, dataOption, jsonOption, printJson, refused } from './shared-options.ts';

interface RestoreOptions extends DataOptions {
  /** Milliseconds since 1970. */
  readonly since?: number;
  readonly mailbox?: string;
  readonly dryRun?: true;
  readonly overQuota?: true;
  readonly json?: true;
}

function momentArgument(text: string): number {
  const moment = parseMoment(text, Date.now());
  if (!moment.ok) throw new InvalidArgumentError(moment.error);
  return moment.value;
}

/** `restante restore`: what was expunged comes back. */
export function restoreCommand(program: Command, context: CommandContext, report: Report): void {
  program
    .command('restore')
    .description(
      'bring back what an account expunged or deleted within the retention period, with flags and dates',
    )
    .argument('<address>', 'whose mail it is')
    .option(
      '--since <when>',
      'only what left at that time or later: 2d, 12h, 2026-03-01 or 2026-03-01T09:30',
      momentArgument,
    )
    .option('--mailbox <name>', 'only of this one')
    .option('--dry-run', 'say what would come back, and change nothing')
    .option('--over-quota', 'also beyond the quota of the account')
    .addOption(jsonOption())
    .addOption(dataOption(context))
    .action(async (address: string, options: RestoreOptions) =>
      report(await runRestore(context, address, options)),
    );
}

async function runRestore(
  context: CommandContext,
  address: string,
  { data: folder, since = 0, mailbox, dryRun, overQuota, json }: RestoreOptions,
): Promise<CommandOutcome> {
  return withData(context, folder, 'required', async ({ engine, provisioning }) => {
    const found = await provisioning.account(address);
    if (!found.ok) return refused(found.error);
    const request = {
      since: Math.floor(since / 1000),
      mailbox: mailbox === undefined ? undefined : mailboxName(mailbox),
      quota: overQuota ? ('ignored' as const) : ('respected' as const),
    };
    const run = await engine.with(found.value.id, async (account) => {
      if (!dryRun) return account.commit(restoreMessages(request), { urgency: 'background' });
      const would = await account.asking((state) => restorable(state, request));
      const known = request.mailbox === undefined || account.state.mailboxes.named(request.mailbox);
      return would.length > 0 || known
        ? ok(would)
        : err({ kind: 'noSuchMailbox' as const, creatable: false });
    });
    if (!run.ok) return failed(describeMailError(run.error));
    const restored = run.value.filter(({ messages, source }) => messages > 0 || source === 'deleted');
    context.stdout.write(json ? printJson(restored.map(view)) : printReport(restored, dryRun === true));
    return ok(undefined);
  });
}

const view = ({ name, source, messages, bytes }: Restorable) => ({ mailbox: name, source, messages, bytes });

function printReport(restored: readonly Restorable[], dryRun: boolean): string {
  if (restored.length === 0) return 'nothing to restore\n';
  const rows = restored.map(({ name, source, messages, bytes }) => [
    name,
    messages,
    printSize(bytes),
    source === 'deleted' ? 'the mailbox was deleted' : 'expunged',
  ]);
  const messages = restored.reduce((sum, each) => sum + each.messages, 0);
  const bytes = restored.reduce((sum, each) => sum + each.bytes, 0);
  const what = dryRun ? 'would come back' : 'came back';
  return `${printTable(['MAILBOX', 'MESSAGES', 'SIZE', 'HOW THEY LEFT'], rows)}${messages} messages, ${printSize(bytes)}, ${what}\n`;
}
