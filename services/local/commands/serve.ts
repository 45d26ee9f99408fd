import type { Command } from 'commander';
import type { Report } from '../command-line.ts';
import { parseServeConfig } from '../config.ts';
import { addServeOptions } from '../config-options.ts';
import { type CommandContext, wrongUsage } from '../context.ts';

/** `restante serve`: everything in one process. */
export function serveCommand(program: Command, context: CommandContext, report: Report): void {
  const command = program
    .command('serve')
    .description(
      'serve IMAP, POP3, inbound mail, submission and HTTP; every option is also an environment variable',
    )
    .action(async (options: Record<string, unknown>) => {
      const config = parseServeConfig(options, context.env);
      if (!config.ok) return report(wrongUsage(config.error.join('\n')));
      // Half of the program, which no other command needs.
      const { serve } = await import('../serve-process.ts');
      report(await serve(context, config.value));
    });
  addServeOptions(command);
}
