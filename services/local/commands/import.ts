import { randomUUID } from 'node:crypto';
import { type Command, Option } from 'commander';
import { defaultMessageLimit } from '../../../shared/engine/stage.ts';
import { ok } from '../../../shared/result.ts';
import type { Report } from '../command-line.ts';
import { type CommandContext, type CommandOutcome, failed } from '../context.ts';
import { withData } from '../data-folder.ts';
import { describeMailError } from '../describe-mail-error.ts';
import { printSize } from '../size.ts';
import { type ImportReport, MessageImport } from '../transfer/import-messages.ts';
import { openSource } from '../transfer/open-source.ts';
import { Progress } from '../transfer/progress.ts';
import { type DataOptions, dataOption, refused, sizeArgument } from './shared-options.ts';

interface ImportOptions extends DataOptions {
  readonly mailbox?: string;
  readonly maxSize: number;
  readonly again?: true;
}

/** `restante import`: mail from files, into an account. */
export function importCommand(program: Command, context: CommandContext, report: Report): void {
  program
    .command('import')
    .description(
      'bring mail from files into an account; repeated, it goes on where it was and brings nothing twice',
    )
    .argument('<address>', 'whose mail it becomes')
    .argument('<path>', 'an mbox file, a Maildir (with its subfolders), or a folder of them')
    .option('--mailbox <name>', 'put it there and below, instead of INBOX and mailboxes of the names found')
    .addOption(
      new Option('--max-size <size>', 'leave out larger messages')
        .default(defaultMessageLimit, printSize(defaultMessageLimit))
        .argParser(sizeArgument),
    )
    .option(
      '--again',
      'bring messages that an earlier import brought, too (they may have been deleted since)',
    )
    .addOption(dataOption(context))
    .action(async (address: string, path: string, options: ImportOptions) =>
      report(await runImport(context, address, path, options)),
    );
}

async function runImport(
  context: CommandContext,
  address: string,
  path: string,
  { data: folder, mailbox, maxSize, again }: ImportOptions,
): Promise<CommandOutcome> {
  const source = await openSource(path, mailbox, maxSize);
  if (!source.ok) return failed(source.error);
  return withData(context, folder, 'required', async ({ engine, provisioning }) => {
    const found = await provisioning.account(address);
    if (!found.ok) return refused(found.error);
    const startedAt = performance.now();
    const bar = new Progress(context.stderr, 'importing');
    let sofar: ImportReport | undefined;
    const run = await engine.with(found.value.id, (account) => {
      const work = new MessageImport(account, source.value, {
        limit: maxSize,
        apart: again && randomUUID(),
        progress: (at) =>
          bar.show(
            source.value.done() / Math.max(1, source.value.total),
            `${at.imported + at.alreadyThere} messages`,
          ),
      });
      sofar = work.report;
      return work.run();
    });
    bar.end();
    if (sofar !== undefined) context.stdout.write(printReport(sofar, (performance.now() - startedAt) / 1000));
    if (!run.ok) return failed(`${describeMailError(run.error)}; run it again to go on`);
    return run.value.failed === 0
      ? ok(undefined)
      : failed(`${run.value.failed} of the messages could not be imported`);
  });
}

function printReport(
  { imported, bytes, alreadyThere, failures, failed: count }: ImportReport,
  seconds: number,
): string {
  const lines = [
    `imported       ${imported} messages, ${printSize(bytes)}, in ${seconds.toFixed(1)} s`,
    `already there  ${alreadyThere}`,
    `failed         ${count}`,
    ...failures.map(({ place, reason }) => `  ${place}: ${reason}`),
    ...(count > failures.length ? [`  … and ${count - failures.length} more`] : []),
  ];
  return `${lines.join('\n')}\n`;
}
