import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { recordHttp } from '../support/http-recorder.ts';
import { LambdaBundle } from '../support/lambda-bundle.ts';
import { httpApi } from './events.ts';
import { serverlessGround } from './ground.ts';

/** As Secrets Manager makes it by the template's rule: small letters without i, l, o, u, and digits. */
const secretText = (): string =>
  [...randomBytes(69)].map((byte) => 'abcdefghjkmnpqrstvwxyz0123456789'[byte % 32]).join('');

interface HttpAnswer {
  readonly statusCode: number;
  readonly body: string;
  readonly headers: Record<string, string>;
}

test('the admin function, from its bundle, answers with the key of the deployment, and with the newest one only', async (t) => {
  const { env, directory } = await serverlessGround(t);
  let secret = secretText();
  const secrets = await recordHttp(() => ({ body: JSON.stringify({ SecretString: secret }) }));
  t.after(() => secrets.close());
  const start = () => {
    const fn = LambdaBundle.start('admin', {
      ...env,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.endpoint,
      RESTANTE_HOSTNAME: 'mail.example.test',
      RESTANTE_ADMIN_KEY_SECRET: 'first-key',
    });
    t.after(() => fn.stop());
    return async (method: string, path: string, key?: string, body?: object) =>
      (await fn.invoke(httpApi({ method, path, key, body }))) as HttpAnswer;
  };
  const ask = start();
  assert.equal((await ask('GET', '/v1/domains')).statusCode, 401);
  assert.equal((await ask('GET', '/v1/domains', secretText())).statusCode, 401);
  const made = await ask('POST', '/v1/accounts', secret, { address: 'nina@example.test' });
  assert.equal(made.statusCode, 201, made.body);
  assert.equal(typeof JSON.parse(made.body).password, 'string');
  assert.equal((await directory.accounts()).items[0]?.address, 'nina@example.test');
  const document = await ask('GET', '/openapi.json');
  assert.equal(JSON.parse(document.body).openapi, '3.1.0');

  const former = secret;
  secret = secretText();
  const renewed = start();
  assert.equal((await renewed('GET', '/v1/domains', secret)).statusCode, 200);
  assert.equal((await renewed('GET', '/v1/domains', former)).statusCode, 401);
});
