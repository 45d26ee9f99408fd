import type { Command } from 'commander';
import type { AccountRecord } from '../../../shared/ports/directory.ts';
import { ok } from '../../../shared/result.ts';
import { type Verdict, verifyAccount } from '../../maintenance/verify/verify-account.ts';
import type { Data } from '../assemble.ts';
import type { Report } from '../command-line.ts';
import { type CommandContext, type CommandOutcome, failed } from '../context.ts';
import { withData } from '../data-folder.ts';
import { printSize } from '../size.ts';
import { type DataOptions, dataOption, everyItem, jsonOption, printJson, refused } from './shared-options.ts';

interface VerifyOptions extends DataOptions {
  readonly deep?: true;
  readonly json?: true;
}

/** `restante verify`: whether everything that should be there is there, and says the same everywhere. */
export function verifyCommand(program: Command, context: CommandContext, report: Report): void {
  program
    .command('verify')
    .description(
      'check that logs, snapshots, counters and messages agree; changes nothing, exits with 1 on any difference',
    )
    .argument('[address]', 'whose account; all of them unless given')
    .option('--deep', 'also read every message and parse it again')
    .addOption(jsonOption())
    .addOption(dataOption(context))
    .action(async (address: string | undefined, options: VerifyOptions) =>
      report(await runVerify(context, address, options)),
    );
}

async function runVerify(
  context: CommandContext,
  address: string | undefined,
  { data: folder, deep, json }: VerifyOptions,
): Promise<CommandOutcome> {
  return withData(context, folder, 'required', async (data) => {
    const one = address === undefined ? undefined : await data.provisioning.account(address);
    if (one?.ok === false) return refused(one.error);
    const views: ReturnType<typeof view>[] = [];
    let broken = 0;
    for await (const record of one === undefined ? allAccounts(data) : [one.value]) {
      const verdict = await verifyAccount(data.engine, record.id, deep ? 'deep' : 'shallow');
      if (verdict.differences > 0) broken++;
      if (json) views.push(view(record, verdict));
      else context.stdout.write(print(record, verdict));
    }
    if (json) context.stdout.write(printJson(views));
    return broken === 0 ? ok(undefined) : failed(`accounts that are not in order: ${broken}`);
  });
}

const allAccounts = ({ store }: Data) => everyItem((after) => store.directory.accounts(after));

const view = ({ address, id }: AccountRecord, { counts, ...verdict }: Verdict) => ({
  address,
  id,
  ...verdict,
  ...counts,
});

function print(
  { address }: AccountRecord,
  { position, replayedFrom, counts, differences, findings }: Verdict,
): string {
  const told = findings.map(({ checked, what }) => `  ${checked}: ${what}\n`).join('');
  const more = differences > findings.length ? `  and ${differences - findings.length} more\n` : '';
  if (differences > 0) return `${address}: NOT IN ORDER, differences: ${differences}\n${told}${more}`;
  const { messages, bytes, orphans, read, parsedOtherwise } = counts;
  const facts = [
    `${messages} messages`,
    printSize(bytes),
    position === replayedFrom
      ? `no entries after its snapshot at ${position}`
      : `entries ${replayedFrom + 1} to ${position} replayed`,
    ...(read > 0 ? [`${read} read`] : []),
    ...(parsedOtherwise > 0 ? [`${parsedOtherwise} of them parsed otherwise by this release`] : []),
    ...(orphans.objects > 0 ? [`${orphans.objects} objects (${printSize(orphans.bytes)}) not in use`] : []),
  ];
  return `${address}: ok, ${facts.join(', ')}\n`;
}
