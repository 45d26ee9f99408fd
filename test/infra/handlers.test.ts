import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { bringCertificate, type CertificateClients } from '../../infra/handlers/certificate.ts';
import { activate } from '../../infra/handlers/rule-set.ts';

type Sender = Parameters<typeof activate>[0];

/** A region's SES, as far as the active rule set goes. */
function region(active: string | undefined): { ses: Sender; active: () => string | undefined } {
  let now = active;
  const send = async (command: {
    readonly input: { readonly RuleSetName?: string };
    readonly constructor: { readonly name: string };
  }) => {
    if (command.constructor.name === 'DescribeActiveReceiptRuleSetCommand')
      return { Metadata: now && { Name: now } };
    now = command.input.RuleSetName;
    return {};
  };
  return { ses: { send } as unknown as Sender, active: () => now };
}

const event = (RequestType: 'Create' | 'Update' | 'Delete', RuleSet = 'ours', before?: string) =>
  ({
    RequestType,
    ResourceProperties: { RuleSet },
    ...(before && { OldResourceProperties: { RuleSet: before } }),
  }) as unknown as CloudFormationCustomResourceEvent;

test('a rule set becomes the active one where none is, or its own predecessor', async () => {
  const free = region(undefined);
  assert.equal((await activate(free.ses, event('Create'))).Status, 'SUCCESS');
  assert.equal(free.active(), 'ours');
  const older = region('older');
  assert.equal((await activate(older.ses, event('Update', 'ours', 'older'))).Status, 'SUCCESS');
  assert.equal(older.active(), 'ours');
});

test("another's active rule set is left alone and named", async () => {
  const theirs = region('INBOUND_MAIL');
  const answer = await activate(theirs.ses, event('Create'));
  assert.equal(answer.Status, 'FAILED');
  assert.match(answer.Reason ?? '', /INBOUND_MAIL/);
  assert.equal(theirs.active(), 'INBOUND_MAIL');
  assert.equal((await activate(theirs.ses, event('Delete'))).Status, 'SUCCESS');
  assert.equal(theirs.active(), 'INBOUND_MAIL');
});

test('deleting the stack stops receiving', async () => {
  const ours = region('ours');
  await activate(ours.ses, event('Delete'));
  assert.equal(ours.active(), undefined);
});

function clients(status: string, secret: string | undefined, notAfter?: Date) {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  let held = secret;
  const calls: string[] = [];
  const send = async (command: {
    readonly constructor: { readonly name: string };
    readonly input: Record<string, unknown>;
  }) => {
    calls.push(command.constructor.name);
    switch (command.constructor.name) {
      case 'DescribeCertificateCommand':
        return { Certificate: { Status: status, Serial: '01:02', NotAfter: notAfter } };
      case 'ExportCertificateCommand': {
        const passphrase = Buffer.from(command.input.Passphrase as Uint8Array).toString();
        const options = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase } as const;
        return { Certificate: 'LEAF\n', CertificateChain: 'CHAIN\n', PrivateKey: privateKey.export(options) };
      }
      case 'GetSecretValueCommand':
        return { SecretString: held };
      default:
        held = command.input.SecretString as string;
        return {};
    }
  };
  return {
    both: { acm: { send }, secrets: { send } } as unknown as CertificateClients,
    calls,
    held: () => held,
  };
}

test('an issued certificate is brought once, with its key in the open and its chain', async () => {
  const { both, calls, held } = clients('ISSUED', 'what CloudFormation made up');
  assert.equal(await bringCertificate(both, 'arn', 'secret'), 'brought');
  const { cert, key, serial } = JSON.parse(held()!);
  assert.equal(cert, 'LEAF\nCHAIN');
  assert.match(key, /^-----BEGIN PRIVATE KEY-----/);
  assert.equal(serial, '01:02');
  assert.equal(await bringCertificate(both, 'arn', 'secret'), 'unchanged');
  assert.equal(calls.filter((name) => name === 'ExportCertificateCommand').length, 1);
});

test('a certificate that ACM does not renew, or has given up, is an error, which is an alarm', async () => {
  const day = 24 * 3600_000;
  const now = Date.UTC(2026, 10, 28);
  const secret = JSON.stringify({ serial: '01:02' });
  const bring = (status: string, daysLeft: number) =>
    bringCertificate(clients(status, secret, new Date(now + daysLeft * day)).both, 'arn', 'secret', now);
  assert.equal(await bring('ISSUED', 40), 'unchanged');
  await assert.rejects(bring('ISSUED', 19), /expires on 2026-12-17.*has not renewed/);
  await assert.rejects(bring('EXPIRED', -1), /is EXPIRED/);
});

test('a certificate that waits for its validation is left waiting', async () => {
  const { both, calls } = clients('PENDING_VALIDATION', undefined);
  assert.equal(await bringCertificate(both, 'arn', 'secret'), 'notIssued');
  assert.deepEqual(calls, ['DescribeCertificateCommand']);
});
