import { Command, CommanderError } from 'commander';
import { chooseTarget, offerTargets, type Target } from './choose-target.ts';
import { accountCommands } from './commands/account.ts';
import { aliasCommands } from './commands/alias.ts';
import { appPasswordCommands } from './commands/app-password.ts';
import { auditCommand } from './commands/audit.ts';
import { backupCommand } from './commands/backup.ts';
import { domainCommands } from './commands/domain.ts';
import { exportCommand } from './commands/export.ts';
import { forwardCommands } from './commands/forward.ts';
import { importCommand } from './commands/import.ts';
import { keyCommands } from './commands/key.ts';
import { rebuildCommand } from './commands/rebuild.ts';
import { redriveCommand } from './commands/redrive.ts';
import { restoreCommand } from './commands/restore.ts';
import { serveCommand } from './commands/serve.ts';
import { tenantCommands } from './commands/tenant.ts';
import { verifyCommand } from './commands/verify.ts';
import type { CommandContext, CommandOutcome } from './context.ts';
import { describeCause } from './describe-mail-error.ts';

/** Takes a command's outcome: commander itself knows no results. */
export type Report = (outcome: CommandOutcome) => void;

const oneLine = (text: string) =>
  text
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ')
    .trim();

class WrongTarget extends Error {}

/** Runs `restante ARGUMENTS`; resolves to the exit code: 0 done, 1 failed, 2 wrong usage or configuration. */
export async function runCommandLine(args: readonly string[], context: CommandContext): Promise<number> {
  let outcome: CommandOutcome = { ok: true, value: undefined };
  let target: Target = { awsStore: undefined, remote: undefined };
  const complain = (message: string) => context.stderr.write(`restante: ${message}\n`);
  const program = new Command('restante')
    .description('Mail access by IMAP and POP3, on one machine: the server, and what administers it.')
    .version(context.version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      outputError: (text) => complain(oneLine(text)),
    });
  program.action(() => program.help({ error: true }));
  const report: Report = (result) => {
    outcome = result;
  };
  for (const add of [
    serveCommand,
    tenantCommands,
    domainCommands,
    accountCommands,
    appPasswordCommands,
    aliasCommands,
    forwardCommands,
    keyCommands,
    auditCommand,
    importCommand,
    exportCommand,
    backupCommand,
    restoreCommand,
    verifyCommand,
    rebuildCommand,
    redriveCommand,
  ])
    add(
      program,
      {
        ...context,
        get awsStore() {
          return target.awsStore;
        },
        get remote() {
          return target.remote;
        },
      },
      report,
    );
  program.commands.forEach(offerTargets);
  program.hook('preAction', async (_, command) => {
    const chosen = await chooseTarget(command, context);
    if (!chosen.ok) throw new WrongTarget(chosen.error.join('\n'));
    target = chosen.value;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (cause) {
    if (cause instanceof WrongTarget) {
      for (const line of cause.message.split('\n')) complain(line);
      return 2;
    }
    if (cause instanceof CommanderError) return cause.exitCode === 0 ? 0 : 2;
    complain(describeCause(cause));
    return 1;
  }
  // A return in the closure above is not seen by the compiler's flow analysis.
  const ended = outcome as CommandOutcome;
  if (ended.ok) return 0;
  for (const line of ended.error.message.split('\n')) complain(line);
  return ended.error.exitCode;
}
