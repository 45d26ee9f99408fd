import type { Command } from 'commander';
import { checkMailboxName } from '../../../shared/engine/mailbox-name.ts';
import { mailboxName } from '../../../shared/imap/mailbox-name.ts';
import { ok } from '../../../shared/result.ts';
import {
  type RebuildError,
  type RebuildReport,
  rebuildAccount,
} from '../../maintenance/rebuild/rebuild-account.ts';
import type { Report } from '../command-line.ts';
import { type CommandContext, type CommandOutcome, failed, wrongUsage } from '../context.ts';
import { withData } from '../data-folder.ts';
import { describeMailError } from '../describe-mail-error.ts';
import { printSize } from '../size.ts';
import { type DataOptions, dataOption, jsonOption, printJson, printTime, refused } from './shared-options.ts';

interface RebuildOptions extends DataOptions {
  readonly mailbox: string;
  readonly dryRun?: true;
  readonly force?: true;
  readonly json?: true;
}

/** `restante rebuild`: an account whose index is lost or damaged, made anew from what is left. */
export function rebuildCommand(program: Command, context: CommandContext, report: Report): void {
  program
    .command('rebuild')
    .description(
      'make a damaged account anew from its newest good snapshot and the messages in the store; clients read it anew',
    )
    .argument('<address>', 'whose account')
    .option('--mailbox <name>', 'where messages go of which nothing else is known', 'Recovered')
    .option('--dry-run', 'say what would be done, and change nothing')
    .option('--force', 'also while somebody holds the maildrop, or the log is being folded')
    .addOption(jsonOption())
    .addOption(dataOption(context))
    .action(async (address: string, options: RebuildOptions) =>
      report(await runRebuild(context, address, options)),
    );
}

async function runRebuild(
  context: CommandContext,
  address: string,
  { data: folder, mailbox, dryRun, force, json }: RebuildOptions,
): Promise<CommandOutcome> {
  const name = mailboxName(mailbox);
  const reason = checkMailboxName(name);
  if (reason !== undefined) return wrongUsage(`--mailbox: ${reason}`);
  return withData(context, folder, 'required', async ({ engine, provisioning, store }) => {
    const found = await provisioning.account(address);
    if (!found.ok) return refused(found.error);
    const rebuilt = await rebuildAccount(found.value.id, engine.parts, {
      mailbox: name,
      mode: dryRun ? 'try' : 'do',
      leases: force ? 'ignored' : 'respected',
      uidValidityFloor: await store.directory.uidValidityFloor(found.value.address),
    });
    if (!rebuilt.ok) {
      return failed(describe(rebuilt.error));
    }
    context.stdout.write(json ? printJson(rebuilt.value) : print(rebuilt.value, name, dryRun === true));
    return ok(undefined);
  });
}

function describe(error: RebuildError): string {
  switch (error.kind) {
    case 'inUse':
      return `the account is in use (${error.lease}): stop the server, or use --force`;
    case 'busy':
      return 'others write to the account all the time: nothing was changed; try again, or stop the server';
    default:
      return describeMailError(error);
  }
}

function print(report: RebuildReport, mailbox: string, dryRun: boolean): string {
  const { snapshotAt, entries, upTo, upToTime, lastUsed, recovered, messages, findings } = report;
  const lost = lastUsed - upTo;
  const lines = [
    snapshotAt > 0
      ? `from the snapshot at entry ${snapshotAt}: ${messages} messages with what follows`
      : upTo > 0
        ? `from the first entry of the log: ${messages} messages`
        : 'from nothing: no snapshot could be used, and the log does not begin with its first entry',
    `${entries} entries of the log applied${upTo > 0 ? `, up to ${upTo} of ${printTime(upToTime)}` : ''}`,
    ...report.unusable.map((what) => `not usable: ${what}`),
    `${recovered.messages} messages (${printSize(recovered.bytes)}) found in the store and put in ${mailbox}`,
    ...(report.dropped > 0
      ? [`MISSING: mailboxes and flags of ${report.dropped} of them, of which nothing but the bytes was left`]
      : []),
    ...(recovered.repeated > 0
      ? [`${recovered.repeated} more left out: attempts at messages that are there already`]
      : []),
    ...(recovered.unreadable > 0 ? [`${recovered.unreadable} objects in the store could not be read`] : []),
    ...findings.map(({ checked, what }) => `${checked}: ${what}`),
    ...(lost > 0
      ? [
          `MISSING: what ${lost} entries after ${upTo} said; flags, moves, deletions and mailboxes of that time are as they were before it`,
        ]
      : []),
    ...(upTo === 0
      ? ['MISSING: all mailboxes, flags and the quota; messages deleted long ago may be among those found']
      : []),
    dryRun ? 'nothing was changed' : 'done: mailboxes have a new UIDVALIDITY, clients read them anew',
  ];
  return `${lines.join('\n')}\n`;
}
