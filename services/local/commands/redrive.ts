import { type Command, InvalidArgumentError } from 'commander';
import type { Redriven } from '../../../shared/adapters/aws/redrive.ts';
import { ok } from '../../../shared/result.ts';
import type { Report } from '../command-line.ts';
import { type CommandContext, type CommandOutcome, failed } from '../context.ts';

interface RedriveCommandOptions {
  readonly rate?: number;
  readonly wait: number;
}

const largestRate = 500;
const longestWait = 3600;

function whole(text: string, most: number): number {
  const number = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= 1 && number <= most)) throw new InvalidArgumentError(`not a number from 1 to ${most}`);
  return number;
}

function queueArgument(text: string): string {
  if (!/^arn:aws[a-z-]*:sqs:[a-z0-9-]+:\d{12}:[\w.-]{1,80}$/.test(text))
    throw new InvalidArgumentError(
      'not an ARN of a queue such as arn:aws:sqs:eu-central-1:111122223333:name',
    );
  return text;
}

/** `restante redrive`: what could not be delivered on AWS is tried again. */
export function redriveCommand(program: Command, context: CommandContext, report: Report): void {
  program
    .command('redrive')
    .description('on AWS: try again what could not be delivered and lies in the dead-letter queue')
    .argument('<queue>', 'its ARN; the inbound stack prints this command', queueArgument)
    .option('--rate <messages>', 'at most so many a second, up to 500', (text) => whole(text, largestRate))
    .option('--wait <seconds>', 'how long the end is waited for', (text) => whole(text, longestWait), 600)
    .action(async (arn: string, options: RedriveCommandOptions) =>
      report(await runRedrive(context, arn, options)),
    );
}

async function runRedrive(
  context: CommandContext,
  arn: string,
  { rate, wait }: RedriveCommandOptions,
): Promise<CommandOutcome> {
  const outcome = await context.redrive({ arn, rate, waitMs: wait * 1000 });
  if (outcome.state === 'failed') return failed(describe(outcome));
  context.stdout.write(`${describe(outcome)}\n`);
  return ok(undefined);
}

function describe({ state, moved, found, reason = 'no reason was given' }: Redriven): string {
  switch (state) {
    case 'empty':
      return 'The queue is empty: there is nothing to try again.';
    case 'done':
      return `${moved} of about ${found} messages are tried again.`;
    case 'running':
      return `${moved} of about ${found} messages are tried again so far; the rest follows.`;
    case 'failed':
      return `the messages could not be moved: ${reason} (${moved} of about ${found} were)`;
  }
}
