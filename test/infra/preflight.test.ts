import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { awsAccount } from '../../infra/preflight/aws-cli.ts';
import { exitCode, preflight } from '../../infra/preflight/run.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type Answers, fake, large, ready, refusal, small } from './preflight-account.ts';

test('an account that is ready: all is OK, whatever the profile', async () => {
  for (const config of [small, large]) {
    const findings = await preflight(fake(), config);
    assert.deepEqual(
      findings.filter(({ level }) => level !== 'OK'),
      [],
    );
    assert.ok(findings.length >= 12);
    assert.equal(exitCode(findings), 0);
  }
});

test('what may not be looked at is said, and is no failure; without credentials nothing else is asked', async () => {
  const denied: Answers = Object.fromEntries(
    Object.keys(ready).map((name) => [name, refusal('AccessDeniedException')]),
  );
  const findings = await preflight(
    fake({ ...denied, 'sts get-caller-identity': ready['sts get-caller-identity'] }),
    large,
  );
  assert.equal(exitCode(findings), 0);
  assert.ok(findings.filter(({ what }) => what.includes('could not be looked at')).length >= 10);
  const nobody = fake(denied);
  assert.equal((await preflight(nobody, large)).length, 1);
  assert.deepEqual(nobody.asked, ['sts get-caller-identity']);
});

test('our own rule set and the nearest CAA record are accepted; an own MX asks nothing of receiving', async () => {
  const own = {
    'ses describe-active-receipt-rule-set': { Metadata: { Name: 'restante-inbound-Rules1A2B' } },
  };
  const issuers = { 'mail.example.com': ['amazon.com'], 'example.com': ['letsencrypt.org'] };
  assert.equal(exitCode(await preflight(fake(own, { issuers }), small)), 0);
  const account = fake();
  await preflight(account, large);
  assert.ok(!account.asked.includes('ses describe-active-receipt-rule-set'));
});

test('the AWS command line is run with reads only; its errors become codes', async () => {
  const program = join(temporaryFolder(), 'aws');
  const script = `#!${process.execPath}
const [service, operation] = process.argv.slice(2);
if (service === 'iam') {
  console.error('\\nAn error occurred (NoSuchEntity) when calling the GetRole operation: none');
  process.exit(254);
}
if (service === 'ec2') process.stdout.write('not JSON');
else console.log(JSON.stringify({ said: process.argv.slice(2) }));
`;
  writeFileSync(program, script);
  chmodSync(program, 0o755);
  const account = awsAccount('eu-central-1', program);
  const told = await account.ask('sts', 'get-caller-identity', { A: 'b; c' });
  assert.ok(told.ok);
  const said = told.value.at('said').list.map(({ text }) => text);
  assert.deepEqual(said.slice(0, 4), ['sts', 'get-caller-identity', '--region', 'eu-central-1']);
  assert.equal(said.at(-1), '{"A":"b; c"}');
  const missing = await account.ask('iam', 'get-role');
  assert.ok(!missing.ok && missing.error.code === 'NoSuchEntity');
  const garbled = await account.ask('ec2', 'describe-vpcs');
  assert.ok(!garbled.ok && garbled.error.code === 'Unasked');
  const none = await awsAccount('eu-central-1', join(temporaryFolder(), 'none')).ask(
    'sts',
    'get-caller-identity',
  );
  assert.ok(!none.ok && /install the AWS command line/.test(none.error.message));
  assert.throws(() => account.ask('iam', 'create-role' as 'get-role'), /not a read/);
});
