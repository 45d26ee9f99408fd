import { resolve } from 'node:path';
import type { Command } from 'commander';
import { ok } from '../../../shared/result.ts';
import type { Report } from '../command-line.ts';
import { type CommandContext, type CommandOutcome, failed } from '../context.ts';
import { withData } from '../data-folder.ts';
import { describeCause } from '../describe-mail-error.ts';
import { printSize } from '../size.ts';
import { type DataOptions, dataOption } from './shared-options.ts';

/** `restante backup`: a copy of the data folder as it is at one moment. */
export function backupCommand(program: Command, context: CommandContext, report: Report): void {
  program
    .command('backup')
    .description(
      'copy the data folder, also while a server works on it; an earlier copy is brought up to date',
    )
    .argument('<path>', 'a folder, made where there is none')
    .addOption(dataOption(context))
    .action(async (path: string, { data: folder }: DataOptions) =>
      report(await runBackup(context, folder, path)),
    );
}

async function runBackup(context: CommandContext, folder: string, path: string): Promise<CommandOutcome> {
  return withData(context, folder, 'required', async ({ store }) => {
    if (store.backUp === undefined)
      return failed(
        'on AWS the table and the bucket keep their own history: point-in-time recovery and versions',
      );
    const startedAt = performance.now();
    try {
      const { copied, files, databaseBytes } = await store.backUp(resolve(path));
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      context.stdout.write(
        `backed up: a database of ${printSize(databaseBytes)} and ${files} files, of which ${copied.files} (${printSize(copied.bytes)}) were copied now, in ${seconds} s\n`,
      );
      return ok(undefined);
    } catch (cause) {
      return failed(`cannot back up to ${path}: ${describeCause(cause)}`);
    }
  });
}
