import { execFile } from 'node:child_process';
import { resolveCaa, resolveNs } from 'node:dns/promises';
import { err, ok } from '../../shared/result.ts';
import { type Account, Json } from './account.ts';

const patience = 30_000;
const answerBytes = 8 * 1024 * 1024;
/** Beyond this the command line would go on asking for further pages. */
const mostItems = 1000;

/**
 * The account of the credentials that the AWS command line finds, asked by that command line: it is needed for deploying anyway, and knows
 * every way of signing in. Operations are reads by their type, and by a look at the name as well.
 */
export function awsAccount(region: string, program = 'aws'): Account {
  const records = <T>(found: Promise<readonly T[]>): Promise<readonly T[]> => found.catch(() => []);
  return {
    ask(service, operation, input = {}) {
      if (!/^(get|describe|list)-[a-z0-9-]+$/.test(operation)) throw new Error(`not a read: ${operation}`);
      const args = [service, operation, '--region', region, '--output', 'json', '--no-cli-pager'];
      if (/^list-/.test(operation)) args.push('--max-items', String(mostItems));
      args.push('--cli-input-json', JSON.stringify(input));
      return new Promise((resolve) => {
        execFile(program, args, { timeout: patience, maxBuffer: answerBytes }, (failure, stdout, stderr) => {
          if (failure) return resolve(err(failureOf(failure, stderr)));
          try {
            resolve(ok(new Json(stdout.trim() === '' ? {} : JSON.parse(stdout))));
          } catch {
            resolve(err({ code: 'Unasked', message: `${program} answered what is not JSON` }));
          }
        });
      });
    },
    nameServers: (name) => records(resolveNs(name)),
    certificateAuthorities: (name) =>
      records(
        resolveCaa(name).then((found) => found.flatMap(({ issue }) => (issue === undefined ? [] : [issue]))),
      ),
  };
}

function failureOf(failure: Error & { readonly code?: unknown; readonly killed?: boolean }, stderr: string) {
  if (failure.code === 'ENOENT')
    return { code: 'Unasked', message: 'there is no `aws`: install the AWS command line, version 2' };
  if (failure.killed) return { code: 'Unasked', message: `no answer within ${patience / 1000} s` };
  const text = stderr.replaceAll(/\s+/g, ' ').trim();
  return { code: /\((\w[\w.]*)\) when calling/.exec(text)?.[1] ?? 'Unasked', message: text.slice(0, 300) };
}
