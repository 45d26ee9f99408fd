import { join } from 'node:path';
import { ImapLoad } from '../crash/connections.ts';
import type { Ledger } from '../crash/ledger.ts';
import { messageOf } from '../crash/message.ts';
import type { ServerProcess, TestAccount } from '../support/server-process.ts';

/** Messages that are expunged by one process, brought back by the command line, and looked for at another. */
const undone = ['undo-1', 'undo-2', 'undo-3', 'undo-4', 'undo-5'];
export const undoMailbox = 'Undo';

/** What the command line does in a stage while servers work; throws at the first command that fails. The number of commands. */
export async function commandsOfStage(
  stage: number,
  { one, other }: { readonly one: ServerProcess; readonly other: ServerProcess },
  account: TestAccount,
  ledger: Ledger,
): Promise<number> {
  const { address } = account;
  const backup = join(one.folder, 'backup');
  const commands = [
    ['account', 'set', address, '--name', `Stage ${stage}`],
    ['account', 'quota', address, `${stage + 1}G`],
    ['alias', 'add', `stage${stage}@example.test`, address],
    ['backup', backup],
    ['verify', address],
    ['verify', '--data', backup],
    ['alias', 'remove', `stage${stage}@example.test`],
  ];
  for (const command of commands) await one.restante(command);
  if (stage > 1) return commands.length;

  const session = await ImapLoad.open(one.ports.imap, account);
  for (const token of undone) await session.run(`APPEND ${undoMailbox} (\\Flagged) `, messageOf(token));
  await session.run(`SELECT ${undoMailbox}`);
  await session.run('UID STORE 1:* +FLAGS.SILENT (\\Deleted)');
  await session.run('EXPUNGE');
  await one.restante(['restore', address, '--mailbox', undoMailbox]);
  const found = (await ledger.read(other, account, [undoMailbox], true)).get(undoMailbox);
  const back = [...(found?.messages.values() ?? [])].map(({ token }) => token).sort();
  if (back.join() !== undone.join()) throw new Error(`restored: ${back} instead of ${undone}`);
  await session.run('LOGOUT');
  return commands.length + 1;
}
