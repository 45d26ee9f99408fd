import { type AssembleOptions, assemble, type Data } from './assemble.ts';
import { type CommandContext, type CommandOutcome, failed } from './context.ts';
import { describeCause } from './describe-mail-error.ts';

export const defaultFolder = './data';

/** The data folder where no option names one. */
export const folderFrom = (env: CommandContext['env']): string => env.RESTANTE_DATA || defaultFolder;

/** Runs with the data folder, or the AWS store chosen in its place, open, whether a server has it open too or not, and closes it. */
export async function withData(
  context: CommandContext,
  folder: string,
  existing: 'required' | 'optional',
  use: (data: Data) => Promise<CommandOutcome>,
  options: AssembleOptions = {},
): Promise<CommandOutcome> {
  const choice = context.awsStore ?? { kind: 'embedded', folder };
  const opened = await context.openStore(choice, { existing });
  if (!opened.ok) return failed(opened.error);
  const data = assemble(
    opened.value,
    (what, account, cause) =>
      context.stderr.write(`restante: ${what} of account ${account} failed: ${describeCause(cause)}\n`),
    options,
  );
  try {
    return await use(data);
  } finally {
    await data.close();
  }
}
