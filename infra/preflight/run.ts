import type { Config } from '../config.ts';
import type { Account } from './account.ts';
import { bootstrap, credentials, image, region, serviceRoles, stacks } from './account-checks.ts';
import type { Check, Finding } from './finding.ts';
import { certificate, receiving, sending, zone } from './mail-checks.ts';
import { functions, networks, processors, valkey, zones } from './quota-checks.ts';

const checks: readonly Check[] = [
  ...[region, zones, bootstrap, stacks, serviceRoles, image],
  ...[functions, processors, networks, valkey],
  ...[zone, certificate, receiving, sending],
];

/** Everything that is looked at before a deployment, in the order of the list; credentials first, and alone where they do not do. */
export async function preflight(account: Account, config: Config): Promise<readonly Finding[]> {
  const first = await credentials(account, config);
  if (first.some(({ level }) => level === 'FAIL')) return first;
  const rest = await Promise.all(checks.map((check) => check(account, config)));
  return [...first, ...rest.flat()];
}

/** A line a finding, and a second one that says what to do. */
export function printFindings(findings: readonly Finding[]): string {
  const lines = findings.flatMap(({ level, what, todo }) => [
    `${level.padEnd(4)}  ${what}`,
    ...(todo === undefined ? [] : [`      → ${todo}`]),
  ]);
  const count = (of: Finding['level']) => findings.filter(({ level }) => level === of).length;
  return [...lines, '', `${count('OK')} OK, ${count('WARN')} WARN, ${count('FAIL')} FAIL`].join('\n');
}

export const exitCode = (findings: readonly Finding[]): 0 | 1 =>
  findings.some(({ level }) => level === 'FAIL') ? 1 : 0;
