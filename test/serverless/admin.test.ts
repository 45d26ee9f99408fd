import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordHttp } from '../support/http-recorder.ts';
import { LambdaBundle } from '../support/lambda-bundle.ts';
import { httpRequest } from './events.ts';
import { serverlessGround } from './ground.ts';

interface Answer {
  readonly statusCode: number;
  readonly body: string;
}

test('the admin function, from its bundle, answers requests of an HTTP API to who has the first key', async (t) => {
  const ground = await serverlessGround(t);
  const token = '7'.repeat(69);
  const secrets = await recordHttp(() => ({ body: JSON.stringify({ SecretString: token }) }));
  t.after(() => secrets.close());
  const admin = LambdaBundle.start('admin', {
    ...ground.env,
    RESTANTE_HOSTNAME: 'mail.example.test',
    RESTANTE_MX: 'inbound-smtp.us-east-1.amazonaws.com',
    RESTANTE_ADMIN_KEY_SECRET: 'first-key',
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.endpoint,
  });
  t.after(() => admin.stop());
  const ask = async (method: string, path: string, key?: string, body?: unknown) => {
    const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
    return (await admin.invoke(httpRequest(method, path, headers, body))) as Answer;
  };

  assert.equal((await ask('GET', '/v1/accounts')).statusCode, 401);
  assert.equal((await ask('GET', '/v1/accounts', '8'.repeat(69))).statusCode, 401);
  const document = await ask('GET', '/openapi.json');
  assert.equal(document.statusCode, 200);
  assert.match(JSON.parse(document.body).openapi, /^3\.1/);
  const made = await ask('POST', '/v1/accounts', token, {
    address: 'ann@example.test',
    password: 'correct horse battery staple',
  });
  assert.equal(made.statusCode, 201, made.body);
  const listed = await ask('GET', '/v1/accounts', token);
  assert.equal(listed.statusCode, 200);
  assert.match(listed.body, /ann@example\.test/);
  assert.equal((await ask('POST', '/v1/accounts', token, {})).statusCode, 422);
});
