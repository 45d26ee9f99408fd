import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { operations } from '../../services/admin/api/operations/index.ts';
import { allows, scopes } from '../../services/admin/api/scopes.ts';
import { type Case, cases, prepare } from './cases.ts';
import { adminGround, type Reply } from './ground.ts';

type Schema = Parameters<typeof z.fromJSONSchema>[0];
interface Described {
  readonly operationId: string;
  readonly 'x-scope': string;
  readonly requestBody?: unknown;
  readonly responses: Record<string, { content?: Record<string, { schema: object }> }>;
}

const schemas = new Map<object, z.ZodType>();

/** What an object of the document describes, read once. */
function schemaOf(document: { components: object }, described: object): z.ZodType {
  const known = schemas.get(described);
  if (known !== undefined) return known;
  const text = JSON.stringify({
    ...described,
    $defs: (document.components as { schemas: object }).schemas,
  });
  const schema = z.fromJSONSchema(JSON.parse(text.replaceAll('#/components/schemas/', '#/$defs/')) as Schema);
  schemas.set(described, schema);
  return schema;
}

/** Holds an answer against what the document says of it. */
function holdAgainst(
  document: { components: object },
  described: Described,
  { status, headers, body }: Reply,
): void {
  const response = described.responses[status] ?? described.responses[`${String(status)[0]}XX`];
  assert.ok(response, `${described.operationId} may not answer ${status}`);
  const type = headers.get('content-type');
  if (response.content === undefined) {
    assert.equal(body, undefined);
    return;
  }
  const content = response.content[String(type)];
  assert.ok(content, `${described.operationId} may not answer ${status} with ${type}`);
  const parsed = schemaOf(document, content.schema).safeParse(body);
  assert.ok(parsed.success, `${described.operationId}: ${parsed.error?.message} in ${JSON.stringify(body)}`);
  assert.equal(headers.get('cache-control'), 'no-store');
}

test('every operation of the document, with keys of every scope and none, valid, invalid and repeated', async (t) => {
  const { body: document } = await (await adminGround(t)).ask('GET', '/openapi.json');
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Described>).map(([method, one]) => ({ path, method, one })),
  );
  assert.equal(described.length, operations.length);

  for (const { path, method, one } of described)
    await t.test(`${method} ${path}`, async (t) => {
      const ground = await adminGround(t);
      const prepared = await prepare(ground);
      const request: Case | undefined = cases(prepared)[one.operationId];
      assert.ok(request, `${one.operationId} has no case`);
      const verb = method.toUpperCase();
      const ask = async (token: string | undefined, change: Partial<Case> = {}, headers = {}) => {
        const { path: at, body } = { ...request, ...change };
        const reply = await ground.ask(verb, at, token, body, headers);
        holdAgainst(document, one, reply);
        return reply;
      };

      assert.equal((await ask(undefined)).status, 401);
      assert.equal((await ask('rst_nonsense')).status, 401);
      const real = await ground.key();
      assert.equal((await ask(`${real.slice(0, -2)}xx`)).status, 401);
      for (const scope of scopes)
        if (!allows([scope], one['x-scope'] as typeof scope))
          assert.equal((await ask(await ground.key([scope]))).status, 403, `${scope} was enough`);
      // A key for a tenant that has nothing here finds nothing and makes nothing.
      const stranger = await ask(await ground.key(scopes, 'idle'));
      if (request.missing !== undefined || request.body !== undefined)
        assert.ok([403, 404].includes(stranger.status), `a stranger got ${stranger.status}`);
      else
        assert.ok(
          !JSON.stringify(stranger.body.items).includes('acme'),
          'a stranger saw what is not its own',
        );

      const token = await ground.key([one['x-scope'] as (typeof scopes)[number], 'audit:read']);
      for (const body of request.invalid ?? [])
        assert.equal((await ask(token, { body })).status, 422, JSON.stringify(body));
      if (one.requestBody !== undefined) {
        assert.equal((await ask(token, { body: '{"half' })).status, 400);
        assert.equal((await ask(token, { body: JSON.stringify('x'.repeat(70_000)) })).status, 413);
        assert.equal((await ask(token, {}, { 'content-type': 'text/plain' })).status, 415);
      }
      if (request.missing !== undefined)
        assert.equal((await ask(token, { path: request.missing })).status, 404);
      if (request.missingBody !== undefined)
        assert.equal((await ask(token, { body: request.missingBody })).status, 404);

      const done = Number(Object.keys(one.responses).find((status) => status.startsWith('2')));
      const repeatable = { 'idempotency-key': 'once' };
      const first = await ask(token, {}, repeatable);
      assert.equal(first.status, done, JSON.stringify(first.body));
      if (done === 201) {
        // What has a path of its own is found there.
        const location = first.headers.get('location') ?? '';
        assert.match(location, /^\/v1\//);
        const found = await ground.ask('GET', location, await ground.key());
        assert.equal(found.status, one.operationId === 'addAppPassword' ? 405 : 200, location);
      } else assert.equal(first.headers.get('location'), null);
      if (method === 'post') {
        const again = await ask(token, {}, repeatable);
        assert.deepEqual([again.status, again.body], [first.status, first.body]);
        assert.equal(again.headers.get('location'), first.headers.get('location'));
        assert.equal(again.headers.get('idempotent-replayed'), 'true');
        const other = { ...(request.body as object), name: 'other', password: 'something else' };
        const reused = await ask(
          token,
          { body: one.operationId === 'addDomain' ? { name: 'o.test' } : other },
          repeatable,
        );
        assert.equal(reused.status, 422, JSON.stringify(reused.body));
      }
      assert.equal((await ask(token)).status, request.again);

      const audit = await ground.ask('GET', '/v1/audit', token);
      const entries = (audit.body.items as { operation: string; outcome: string }[]).filter(
        ({ operation }) => operation === one.operationId,
      );
      if (method === 'get') assert.equal(entries.length, 0);
      else
        assert.ok(
          entries.some(({ outcome }) => outcome === 'done'),
          'the change has no audit entry',
        );
      assert.ok(!JSON.stringify(audit.body).includes('correct horse'));
    });
});
