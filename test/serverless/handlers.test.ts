import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import type { FunctionName } from '../../infra/bundle.ts';
import { type HttpRecorder, type RecordedRequest, recordHttp } from '../support/http-recorder.ts';
import { LambdaBundle } from '../support/lambda-bundle.ts';
import { customResource, scheduled } from './events.ts';

const credentials = { AWS_ACCESS_KEY_ID: 'TEST', AWS_SECRET_ACCESS_KEY: 'TEST' };

/** A function from its bundle, and the services that it calls. */
async function started(
  t: TestContext,
  name: FunctionName,
  reply: (request: RecordedRequest) => { readonly status?: number; readonly body: string },
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly fn: LambdaBundle; readonly services: HttpRecorder }> {
  const services = await recordHttp(reply);
  t.after(() => services.close());
  const fn = LambdaBundle.start(name, { ...credentials, AWS_ENDPOINT_URL: services.endpoint, ...env });
  t.after(() => fn.stop());
  return { fn, services };
}

const answers = ({ requests }: HttpRecorder) =>
  requests.filter(({ method }) => method === 'PUT').map(({ body }) => JSON.parse(body));

test('the certificate function, from its bundle, brings what ACM renewed, once', async (t) => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  let secret: string | undefined;
  const { fn, services } = await started(
    t,
    'certificate',
    ({ operation, body }) => {
      const asked = JSON.parse(body);
      if (operation === 'DescribeCertificate')
        return { body: JSON.stringify({ Certificate: { Status: 'ISSUED', Serial: '01:02' } }) };
      if (operation === 'ExportCertificate') {
        const passphrase = Buffer.from(asked.Passphrase, 'base64').toString();
        const options = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase } as const;
        const PrivateKey = privateKey.export(options);
        return { body: JSON.stringify({ Certificate: 'LEAF\n', CertificateChain: 'CHAIN\n', PrivateKey }) };
      }
      if (operation === 'PutSecretValue') secret = asked.SecretString;
      else if (secret === undefined)
        return {
          status: 400,
          body: JSON.stringify({ __type: 'ResourceNotFoundException', Message: 'none' }),
        };
      return { body: JSON.stringify({ SecretString: secret }) };
    },
    {
      RESTANTE_CERTIFICATE_ARN: 'arn:aws:acm:us-east-1:111122223333:certificate/c',
      RESTANTE_TLS_SECRET: 'tls',
    },
  );
  await fn.invoke(scheduled());
  const { cert, key, serial } = JSON.parse(secret!);
  assert.equal(cert, 'LEAF\nCHAIN');
  assert.match(key, /^-----BEGIN PRIVATE KEY-----/);
  assert.equal(serial, '01:02');
  await fn.invoke(scheduled());
  const exported = services.requests.filter(({ operation }) => operation === 'ExportCertificate');
  assert.equal(exported.length, 1);
  assert.deepEqual(
    fn.events.map(({ outcome }) => outcome),
    ['brought', 'unchanged'],
  );
});

test('a secret that may not be written is told to the scheduler, which tries again', async (t) => {
  const { fn } = await started(
    t,
    'certificate',
    () => ({ status: 400, body: JSON.stringify({ __type: 'AccessDeniedException', Message: 'no' }) }),
    { RESTANTE_CERTIFICATE_ARN: 'arn', RESTANTE_TLS_SECRET: 'tls' },
  );
  await assert.rejects(fn.invoke(scheduled()), /AccessDenied/);
});

const xml = (operation: string, inner: string) => ({
  body: `<${operation}Response xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><${operation}Result>${inner}</${operation}Result></${operation}Response>`,
});

test('the rule set function, from its bundle, answers CloudFormation', async (t) => {
  let active: string | undefined = 'of-another';
  const { fn, services } = await started(t, 'rule-set', ({ method, operation, body }) => {
    if (method === 'PUT') return { body: '' };
    if (operation === 'DescribeActiveReceiptRuleSet')
      return xml(operation, active ? `<Metadata><Name>${active}</Name></Metadata>` : '');
    active = new URLSearchParams(body).get('RuleSetName') ?? undefined;
    return xml(operation, '');
  });
  const event = (type: 'Create' | 'Delete') =>
    customResource(type, `${services.endpoint}/answer`, { RuleSet: 'ours' });
  await fn.invoke(event('Create'));
  active = undefined;
  await fn.invoke(event('Create'));
  assert.equal(active, 'ours');
  await fn.invoke(event('Delete'));
  assert.equal(active, undefined);
  const told = answers(services);
  assert.deepEqual(
    told.map(({ Status }) => Status),
    ['FAILED', 'SUCCESS', 'SUCCESS'],
  );
  assert.match(told[0].Reason, /of-another/);
  assert.equal(told[1].RequestId, 'unique id for this request');
  assert.equal(told[1].LogicalResourceId, 'Resource');
});

test('the function that starts the build leaves the answer to the build, unless it cannot be started', async (t) => {
  let fails = false;
  const { fn, services } = await started(t, 'start-build', ({ method }) => {
    if (method === 'PUT') return { body: '' };
    if (fails)
      return { status: 400, body: JSON.stringify({ __type: 'ResourceNotFoundException', message: 'no' }) };
    return { body: JSON.stringify({ build: { id: 'b' } }) };
  });
  const event = (type: 'Create' | 'Delete') =>
    customResource(type, `${services.endpoint}/answer`, { Project: 'project', Source: 'hash' });
  await fn.invoke(event('Create'));
  assert.deepEqual(answers(services), []);
  const [start] = services.requests;
  assert.equal(start!.operation, 'StartBuild');
  const told = JSON.parse(start!.body);
  assert.equal(told.projectName, 'project');
  const variables = Object.fromEntries(
    told.environmentVariablesOverride.map(({ name, value }: { name: string; value: string }) => [
      name,
      value,
    ]),
  );
  assert.equal(variables.RESPONSE_URL, `${services.endpoint}/answer`);
  assert.equal(variables.SOURCE, 'hash');
  fails = true;
  await fn.invoke(event('Create'));
  await fn.invoke(event('Delete'));
  assert.deepEqual(
    answers(services).map(({ Status }) => Status),
    ['FAILED', 'SUCCESS'],
  );
});
