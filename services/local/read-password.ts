import type { Readable } from 'node:stream';
import { err, ok, type Result } from '../../shared/result.ts';
import { type CommandContext, type CommandError, failed } from './context.ts';

const maxBytes = 4096;

/** The first line of standard input, without its end: a `what`. The error is one line for a person. */
export async function firstLine(stdin: Readable, what: string): Promise<Result<string, string>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk);
    chunks.push(bytes);
    size += bytes.length;
    if (bytes.includes(0x0a)) break;
    if (size > maxBytes) return err(`the ${what} on standard input is too long`);
  }
  const [line = ''] = Buffer.concat(chunks).toString('utf8').split(/\r?\n/, 1);
  return line === '' ? err(`there is no ${what} on standard input`) : ok(line);
}

export interface PasswordOptions {
  readonly password?: string;
  readonly passwordStdin?: true;
}

/** The password that the options give; undefined where one is to be generated. */
export async function passwordFrom(
  options: PasswordOptions,
  context: CommandContext,
): Promise<Result<string | undefined, CommandError>> {
  if (!options.passwordStdin) return ok(options.password);
  const line = await firstLine(context.stdin, 'password');
  return line.ok ? line : failed(line.error);
}
