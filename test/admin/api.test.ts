import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { scopes } from '../../services/admin/api/scopes.ts';
import { prepare } from './cases.ts';
import { adminGround } from './ground.ts';

test('lists come by pages, in order, and nothing is left out', async (t) => {
  const { ask, key } = await adminGround(t);
  const root = await key();
  for (let i = 0; i < 7; i++) await ask('POST', '/v1/tenants', root, { id: `t${i}` });
  const seen: string[] = [];
  let pages = 0;
  for (let next: string | null = ''; next !== null; pages++) {
    const { body }: { body: { items: { id: string }[]; next: string | null } } = await ask(
      'GET',
      `/v1/tenants?limit=3${next && `&after=${next}`}`,
      root,
    );
    seen.push(...body.items.map(({ id }) => id));
    next = body.next;
  }
  assert.deepEqual(seen, ['t0', 't1', 't2', 't3', 't4', 't5', 't6']);
  assert.equal(pages, 3);
  assert.equal((await ask('GET', '/v1/tenants?limit=0', root)).status, 422);
  assert.equal((await ask('GET', '/v1/tenants?limit=501', root)).status, 422);
  assert.equal((await ask('GET', '/v1/tenants?order=up', root)).status, 422);
});

test('a revoked key and an expired one are nobody', async (t) => {
  const { ask, key, clock } = await adminGround(t);
  const root = await key();
  const soon = new Date(clock.now() + 1000).toISOString();
  const made = await ask('POST', '/v1/keys', root, {
    name: 'brief',
    scopes: ['audit:read'],
    expiresAt: soon,
  });
  assert.equal((await ask('GET', '/v1/audit', made.body.token)).status, 200);
  clock.advance(1000);
  assert.equal((await ask('GET', '/v1/audit', made.body.token)).status, 401);
  const other = await ask('POST', '/v1/keys', root, { name: 'other', scopes: ['audit:read'] });
  assert.equal((await ask('DELETE', `/v1/keys/${other.body.id}`, root)).status, 204);
  assert.equal((await ask('GET', '/v1/audit', other.body.token)).status, 401);
});

test('nobody makes a key with more rights than their own', async (t) => {
  const ground = await adminGround(t);
  await prepare(ground);
  const { ask, key } = ground;
  const some = await key(['keys:write', 'accounts:read'], 'acme');
  const wanted = (scopes: string[], more = {}) =>
    ask('POST', '/v1/keys', some, { name: 'x', scopes, ...more });
  assert.equal((await wanted(['accounts:write'])).status, 403);
  assert.equal((await wanted(['accounts:read'], { tenant: 'idle' })).status, 403);
  const made = await wanted(['accounts:read']);
  assert.equal(made.status, 201);
  assert.equal(made.body.tenant, 'acme');
});

test("a tenant's keys end with it, and are not the next one's of that id", async (t) => {
  const { ask, key, clock } = await adminGround(t);
  const root = await key();
  assert.equal((await ask('POST', '/v1/tenants', root, { id: 'brief', name: 'Brief' })).status, 201);
  const old = await key(scopes, 'brief');
  assert.equal((await ask('GET', '/v1/domains', old)).status, 200);
  assert.equal((await ask('DELETE', '/v1/tenants/brief', root)).status, 204);
  assert.equal((await ask('GET', '/v1/domains', old)).status, 401);
  clock.advance(1);
  assert.equal((await ask('POST', '/v1/tenants', root, { id: 'brief', name: 'Another' })).status, 201);
  assert.equal((await ask('GET', '/v1/domains', old)).status, 401);
  assert.equal((await ask('GET', '/v1/domains', await key(scopes, 'brief'))).status, 200);
});

test("what a tenant's key tries elsewhere is told of in its own audit, and nowhere else", async (t) => {
  const ground = await adminGround(t);
  await prepare(ground);
  const { ask, key } = ground;
  const some = await key(['keys:write', 'accounts:read'], 'acme');
  const wanted = { name: 'told to others', scopes: ['accounts:read'], tenant: 'idle' };
  assert.equal((await ask('POST', '/v1/keys', some, wanted)).status, 403);
  const told = async (tenant: string) =>
    JSON.stringify((await ask('GET', '/v1/audit', await key(['audit:read'], tenant))).body);
  assert.match(await told('acme'), /told to others/);
  assert.doesNotMatch(await told('idle'), /told to others/);
});

test("what is another tenant's and what is not there are said alike", async (t) => {
  const ground = await adminGround(t);
  await prepare(ground);
  const some = await ground.key(['accounts:read'], 'idle');
  for (const address of ['ANNA@acme.test', 'NOBODY@acme.test']) {
    const { status, body } = await ground.ask('GET', `/v1/accounts/${address}`, some);
    assert.equal(status, 404);
    assert.equal(body.detail, `there is no ${address}`);
  }
});

test('a key that asks too often is told when to come again', async (t) => {
  const { ask, key, clock } = await adminGround(t);
  const root = await key();
  const statuses: number[] = [];
  for (let i = 0; i < 101; i++) statuses.push((await ask('GET', '/v1/audit', root)).status);
  assert.deepEqual(statuses.slice(99), [200, 429]);
  assert.equal((await ask('GET', '/v1/audit', await key())).status, 200);
  clock.advance(1000);
  assert.equal((await ask('GET', '/v1/audit', root)).status, 200);
});

test('a quota set through the API holds, and usage tells it', async (t) => {
  const ground = await adminGround(t);
  await prepare(ground);
  const root = await ground.key();
  const at = '/v1/accounts/anna@acme.test';
  await ground.ask('PATCH', at, root, { quota: 5000 });
  const { body } = await ground.ask('GET', `${at}/usage`, root);
  assert.deepEqual([body.quota, body.messages, body.bytes], [5000, 0, 0]);
  assert.ok(body.mailboxes.some(({ name }: { name: string }) => name === 'INBOX'));
  await ground.ask('PATCH', at, root, { quota: null });
  assert.equal((await ground.ask('GET', `${at}/usage`, root)).body.quota, null);
});

test('an account and its usage tell the last day of a sign-in by each protocol', async (t) => {
  const ground = await adminGround(t);
  await prepare(ground);
  const root = await ground.key();
  const at = '/v1/accounts/anna@acme.test';
  const lastSignIn = async () => {
    const [account, usage] = await Promise.all(
      [at, `${at}/usage`].map((path) => ground.ask('GET', path, root)),
    );
    assert.deepEqual(account!.body.lastSignIn, usage!.body.lastSignIn);
    return account!.body.lastSignIn;
  };
  assert.deepEqual(await lastSignIn(), { imap: null, pop3: null, submission: null });
  const anna = await ground.data.provisioning.account('anna@acme.test');
  assert.ok(anna.ok);
  await ground.data.store.directory.noteSignIn(anna.value, 'pop3', '2026-11-28');
  assert.deepEqual(await lastSignIn(), { imap: null, pop3: '2026-11-28', submission: null });
});

test('a tenant, or a domain, among thousands of others has its own list in one page', async (t) => {
  const { ask, key, data } = await adminGround(t);
  const { directory } = data.store;
  for (const [tenant, domain] of [
    ['crowd', 'crowd.test'],
    ['small', 'a.test'],
    ['small', 'z.test'],
  ]) {
    await directory.addTenant({ id: tenant!, name: tenant!, createdAt: 1 });
    await data.provisioning.addDomain(domain!, tenant);
  }
  const crowd = Array.from({ length: 2_100 }, (_, i) => `m${String(i).padStart(4, '0')}@crowd.test`);
  await Promise.all(crowd.map((address) => data.provisioning.addAlias(address, ['x@crowd.test'])));
  await data.provisioning.addAlias('z@a.test', ['x@a.test']);
  await data.provisioning.addAlias('n@z.test', ['x@a.test']);
  const list = async (token: string, query: string) => {
    const { body } = await ask('GET', `/v1/aliases?${query}`, token);
    return { addresses: body.items.map(({ address }: { address: string }) => address), next: body.next };
  };
  const root = await key();
  const own = await key(['aliases:read'], 'small');
  const both = { addresses: ['n@z.test', 'z@a.test'], next: null };
  assert.deepEqual(await list(root, 'tenant=small'), both);
  assert.deepEqual(await list(own, ''), both);
  assert.deepEqual(await list(own, 'domain=A.Test'), { addresses: ['z@a.test'], next: null });
  assert.deepEqual(await list(root, 'domain=z.test&tenant=small'), { addresses: ['n@z.test'], next: null });
  for (const nothing of ['tenant=crowd', 'domain=crowd.test', 'domain=nobody.test'])
    assert.deepEqual(await list(own, nothing), { addresses: [], next: null });
  assert.deepEqual(await list(root, 'domain=z.test&tenant=crowd'), { addresses: [], next: null });
  const seen: string[] = [];
  for (let next: string | null = ''; next !== null; ) {
    const page = await list(root, `limit=500&tenant=crowd${next && `&after=${next}`}`);
    seen.push(...page.addresses);
    next = page.next;
  }
  assert.deepEqual(seen, crowd);
});

test('a key for one tenant lists that tenant, its keys and its changes', async (t) => {
  const ground = await adminGround(t);
  await prepare(ground);
  const { ask } = ground;
  const own = await ground.key(['tenants:read', 'keys:read', 'audit:read'], 'acme');
  const names = async (path: string, name: string) =>
    (await ask('GET', path, own)).body.items.map((item: Record<string, string>) => item[name]);
  assert.deepEqual(await names('/v1/tenants', 'id'), ['acme']);
  assert.deepEqual(new Set(await names('/v1/keys', 'name')), new Set(['a key', 'test']));
  assert.deepEqual(await names('/v1/keys?tenant=idle', 'name'), []);
  const changes = await names('/v1/audit', 'operation');
  assert.deepEqual(changes.toSorted(), [
    'addAccount',
    'addAlias',
    'addAppPassword',
    'addDomain',
    'addDomain',
    'addKey',
    'addTenant',
  ]);
});

test('the root of the API says without a key where its document is', async (t) => {
  const { ask } = await adminGround(t);
  for (const path of ['/v1', '/v1/']) {
    const { status, body } = await ask('GET', path, undefined);
    assert.deepEqual([status, body.document], [200, '/openapi.json']);
  }
});

test('what is no path of the API is a problem too', async (t) => {
  const { ask, key } = await adminGround(t);
  const reply = await ask('GET', '/v1/nothing', await key());
  assert.equal(reply.status, 404);
  assert.equal(reply.headers.get('content-type'), 'application/problem+json');
});

test('a domain is told with the DNS records that clients and other servers need', async (t) => {
  const ground = await adminGround(t);
  await prepare(ground);
  const { body } = await ground.ask('GET', '/v1/domains/acme.test', await ground.key());
  const values = body.dns.map(({ type, name, value }: Record<string, string>) => `${name} ${type} ${value}`);
  assert.deepEqual(values, [
    'acme.test MX 10 mx.example.test.',
    '_imaps._tcp.acme.test SRV 0 1 993 mail.example.test.',
    '_pop3s._tcp.acme.test SRV 0 1 995 mail.example.test.',
    '_submissions._tcp.acme.test SRV 0 1 465 mail.example.test.',
    'acme.test TXT v=spf1 mx ~all',
    '_dmarc.acme.test TXT v=DMARC1; p=quarantine',
  ]);
});

test('the document is valid OpenAPI 3.1, and says what it is needed for', async (t) => {
  const { ask } = await adminGround(t);
  const { body } = await ask('GET', '/openapi.json');
  assert.equal(body.openapi, '3.1.0');
  const { valid, errors } = await new Validator().validate(body);
  assert.ok(valid, JSON.stringify(errors));
  body.paths['/v1/tenants'].get.responses = 'nonsense';
  assert.equal((await new Validator().validate(body)).valid, false);
});

test('a method that a path does not have is told with those that it has', async (t) => {
  const { ask, key } = await adminGround(t);
  const root = await key();
  for (const [method, path, allow] of [
    ['PUT', '/v1/tenants', 'GET, HEAD, POST'],
    ['DELETE', '/v1/audit', 'GET, HEAD'],
    ['POST', '/v1/accounts/anna@acme.test', 'GET, HEAD, PATCH, DELETE'],
    ['GET', '/v1/accounts/anna@acme.test/password', 'POST'],
  ] as const) {
    const { status, headers, body } = await ask(method, path, root, method === 'GET' ? undefined : {});
    assert.deepEqual(
      [status, headers.get('allow'), body.type],
      [405, allow, 'urn:restante:problem:badMethod'],
    );
    assert.equal(headers.get('content-type'), 'application/problem+json');
  }
});

test('answers say how many requests the key has left', async (t) => {
  const { ask, key, clock } = await adminGround(t);
  const root = await key();
  const left = async () => (await ask('GET', '/v1/audit', root)).headers.get('ratelimit');
  assert.equal(await left(), '"key";r=99;t=1');
  for (let i = 0; i < 99; i++) await left();
  const { status, headers } = await ask('GET', '/v1/audit', root);
  assert.deepEqual([status, headers.get('ratelimit')], [429, '"key";r=0;t=5']);
  assert.equal(headers.get('ratelimit-policy'), '"key";q=100;w=5');
  assert.equal(headers.get('retry-after'), '1');
  clock.advance(2500);
  assert.equal(await left(), '"key";r=49;t=3');
});
