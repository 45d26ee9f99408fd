import { type Command, InvalidArgumentError } from 'commander';
import { ok } from '../../../shared/result.ts';
import { administering, administers } from '../administration.ts';
import type { Report } from '../command-line.ts';
import type { CommandContext } from '../context.ts';
import { printTable } from '../print-table.ts';
import { jsonOption, type ListOptions, printJson } from './shared-options.ts';

const shownUnlessTold = 50;

function countArgument(text: string): number {
  const count = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (count === 0) throw new InvalidArgumentError('it is a number from 1 to 999999');
  return count;
}

/** `restante audit`: who changed what. */
export function auditCommand(program: Command, context: CommandContext, report: Report): void {
  const administer = administering(context, report);
  administers(program.command('audit'), context)
    .description('who changed what, by the admin API and by these commands, newest first')
    .option('--last <number>', 'so many changes', countArgument, shownUnlessTold)
    .option('--tenant <id>', 'of this tenant only')
    .addOption(jsonOption())
    .action((options: ListOptions & { readonly last: number }) =>
      administer(options, async (admin) => {
        const entries = await admin.list('listAudit', { tenant: options.tenant }, options.last);
        if (!entries.ok) return entries;
        const rows = entries.value.map(({ at, key, operation, outcome, params, tenant }) => [
          at,
          key.name,
          operation,
          outcome,
          tenant ?? '',
          Object.values(params).join(' '),
        ]);
        return ok(
          options.json
            ? printJson(entries.value)
            : printTable(['WHEN', 'KEY', 'WHAT', 'OUTCOME', 'TENANT', 'OF'], rows),
        );
      }),
    );
}
