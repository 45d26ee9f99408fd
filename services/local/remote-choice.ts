import { readFile } from 'node:fs/promises';
import { Option } from 'commander';
import { err, ok, type Result } from '../../shared/result.ts';
import type { CommandContext } from './context.ts';
import { quoted } from './option-reader.ts';
import { firstLine } from './read-password.ts';

/** A server's admin API, and the key for it. */
export interface RemoteApi {
  /** Without `/v1` and a slash at its end. */
  readonly url: string;
  readonly key: string;
}

export interface RemoteOptions {
  readonly url?: string;
  readonly key?: string;
  readonly keyFile?: string;
}

/** On every command that speaks to the admin API. */
export const remoteOptions = (): readonly Option[] => [
  new Option(
    '--url <url>',
    "a server's admin API to work through, in place of the data folder (RESTANTE_URL)",
  ),
  new Option(
    '--key <key>',
    'with --url: the API key, which others on the machine can see; - for a line of standard input (RESTANTE_KEY)',
  ).conflicts('keyFile'),
  new Option('--key-file <file>', 'with --url: the file that holds the API key'),
];

/** The API that the options and the environment name. The error is one line for a person. */
export async function readRemote(
  { url: text, key, keyFile }: RemoteOptions & { readonly url: string },
  { env, stdin }: Pick<CommandContext, 'env' | 'stdin'>,
): Promise<Result<RemoteApi, string>> {
  const url = parseUrl(text);
  if (!url.ok) return url;
  const given =
    keyFile !== undefined
      ? await fromFile(keyFile)
      : key === '-'
        ? await firstLine(stdin, 'key')
        : ok(key ?? env.RESTANTE_KEY ?? '');
  if (!given.ok) return given;
  const token = given.value.trim();
  if (token === '') return err('the key is missing: give it in RESTANTE_KEY, or with --key-file or --key');
  // What is wrong with it is said without it.
  if (!/^[\w-]{1,200}$/.test(token)) return err('the key is not one that "restante key add" makes');
  return ok({ url: url.value, key: token });
}

async function fromFile(file: string): Promise<Result<string, string>> {
  try {
    return ok(await readFile(file, 'utf8'));
  } catch (cause) {
    return err(`the file of the key cannot be read: ${(cause as Error).message}`);
  }
}

function parseUrl(text: string): Result<string, string> {
  const url = URL.parse(text);
  const plain =
    url !== null && url.search === '' && url.hash === '' && url.username === '' && url.password === '';
  if (!plain || !['http:', 'https:'].includes(url.protocol))
    return err(`${quoted(text)} is not a URL such as https://mail.example.org`);
  if (url.protocol === 'http:' && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname))
    return err(
      `the key would travel unencrypted to ${url.hostname}: use https://, or a tunnel to a port of this machine`,
    );
  return ok(url.origin + url.pathname.replace(/(\/v1)?\/*$/, ''));
}
