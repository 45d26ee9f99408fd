/** `npm run preflight -- --config FILE`: looks whether an AWS account is ready for an installation. It reads, and changes nothing. */
import { parseArgs } from 'node:util';
import { readConfig } from './config.ts';
import { awsAccount } from './preflight/aws-cli.ts';
import { exitCode, preflight, printFindings } from './preflight/run.ts';

async function main(): Promise<number> {
  let config: ReturnType<typeof readConfig>;
  try {
    const { values } = parseArgs({ options: { config: { type: 'string', short: 'c' } } });
    if (values.config === undefined) throw new Error('usage: npm run preflight -- --config FILE');
    config = readConfig(values.config);
  } catch (cause) {
    process.stderr.write(`${(cause as Error).message}\n`);
    return 2;
  }
  const findings = await preflight(awsAccount(config.region), config);
  process.stdout.write(`${printFindings(findings)}\n`);
  return exitCode(findings);
}

process.exitCode = await main();
