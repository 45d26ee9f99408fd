import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { type Entropy, systemEntropy } from '../../../shared/ids.ts';
import { err, ok, type Result } from '../../../shared/result.ts';
import type { Log } from '../../../shared/telemetry/log.ts';
import type { Data } from '../../local/assemble.ts';
import { AuditTrail } from './audit-trail.ts';
import type { MailHosts } from './dns-records.ts';
import { type Answer, Idempotency } from './idempotency.ts';
import { type ApiKey, KeyRing, type Presented } from './key-ring.ts';
import { openApiDocument } from './openapi.ts';
import type { AdminParts, Operation } from './operation.ts';
import { operations } from './operations/index.ts';
import { type Problem, problem, problemBody, statusOf } from './problem.ts';
import { RateLimit, rateLimitPolicy } from './rate-limit.ts';
import { type Checked, readRequest } from './request.ts';
import { allows } from './scopes.ts';

export interface AdminAppOptions {
  readonly data: Pick<Data, 'engine' | 'provisioning' | 'store'>;
  /** For the DNS records of domains. */
  readonly hosts: MailHosts;
  readonly version: string;
  readonly log: Log;
  readonly entropy?: Entropy;
  /**
   * Who asks, where that is known without a key: the command line, which has the store itself. Such an application answers in its own
   * process and never a network. Its requests are not counted, and what goes wrong is thrown.
   */
  readonly owner?: ApiKey;
}

const maxBody = 64 * 1024;

const refuse = (c: Context, of: Problem): Response =>
  c.json(problemBody(of), statusOf(of), {
    'content-type': 'application/problem+json',
    ...(of.retryAfter !== undefined && { 'retry-after': String(of.retryAfter) }),
    ...(of.kind === 'unauthorized' && { 'www-authenticate': 'Bearer' }),
  });

const locationOf = (segments: readonly string[]): string =>
  `/v1/${segments.map((segment) => encodeURIComponent(segment).replaceAll('%40', '@')).join('/')}`;

const honoPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1');

/** The admin API, for whatever speaks fetch: `/v1/…`, and the document of it at `/openapi.json`. */
export function createAdminApp({
  data,
  hosts,
  version,
  log,
  entropy = systemEntropy,
  owner,
}: AdminAppOptions): Hono {
  const { adminRecords } = data.store;
  const parts: AdminParts = {
    data,
    hosts,
    keys: new KeyRing(adminRecords, entropy),
    audit: new AuditTrail(adminRecords, entropy),
    now: () => entropy.now(),
  };
  const idempotency = new Idempotency(adminRecords, entropy);
  const rates = new RateLimit();
  // Made when it is first asked for: the command line makes this application for each of its commands.
  let document: ReturnType<typeof openApiDocument> | undefined;
  const app = new Hono();

  app.use('*', async (c, next) => {
    await next();
    // Answers hold what only the asker may see.
    c.res.headers.set('cache-control', 'no-store');
    c.res.headers.set('x-content-type-options', 'nosniff');
  });
  app.get('/openapi.json', (c) => {
    document ??= openApiDocument(operations, version);
    return c.json(document);
  });
  // For who looks what there is, without a key: the document tells.
  app.get('/v1', (c) => c.json({ version, document: '/openapi.json' }));
  app.get('/v1/', (c) => c.json({ version, document: '/openapi.json' }));
  app.use(
    '/v1/*',
    bodyLimit({
      maxSize: maxBody,
      onError: (c) => refuse(c, problem('tooLarge', `a request has at most ${maxBody} bytes`)),
    }),
  );

  /** A tenant's keys end with it: one that is made later with the same id is another. */
  const isOfItsTenant = async ({ tenant, createdAt }: ApiKey): Promise<boolean> => {
    if (tenant === undefined) return true;
    const known = await parts.data.store.directory.tenant(tenant);
    return known !== undefined && known.createdAt <= createdAt;
  };

  const authenticate = async (c: Context): Promise<Result<Presented, Problem>> => {
    if (owner !== undefined) return ok({ key: owner, secret: '' });
    const token = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
    const presented = token === undefined ? undefined : await parts.keys.presented(token);
    if (presented === undefined || !(await isOfItsTenant(presented.key)))
      return err(problem('unauthorized', 'send a valid key as "Authorization: Bearer rst_…"'));
    const { retryAfter, field } = rates.take(presented.key.id, entropy.now());
    c.header('ratelimit-policy', rateLimitPolicy);
    c.header('ratelimit', field);
    return retryAfter === undefined
      ? ok(presented)
      : err(problem('tooMany', 'this key asks too often', { retryAfter }));
  };

  for (const one of operations as readonly Operation[])
    app.on(one.method.toUpperCase(), honoPath(one.path), async (c) => {
      const presented = await authenticate(c);
      if (!presented.ok) return refuse(c, presented.error);
      if (!allows(presented.value.key.scopes, one.scope))
        return refuse(c, problem('forbidden', `the key needs the scope ${one.scope}`));
      const request = await readRequest(c, one);
      if (!request.ok) return refuse(c, request.error);
      const make = () => perform(one, request.value, presented.value, parts, log);
      const repeatKey = one.method === 'post' ? c.req.header('idempotency-key') : undefined;
      const answer =
        repeatKey === undefined
          ? ok({ ...(await make()), replayed: false })
          : await idempotency.once(
              repeatKey,
              presented.value,
              { method: one.method, path: c.req.path, body: JSON.stringify(request.value.body) },
              make,
            );
      if (!answer.ok) return refuse(c, answer.error);
      const { status, body, replayed } = answer.value;
      if (replayed) c.header('idempotent-replayed', 'true');
      if (status === 204) return c.body(null, 204);
      if (status >= 400) return refuse(c, body as Problem);
      if (one.location !== undefined)
        c.header('location', locationOf(one.location(body as never, request.value.params as never)));
      return c.json(body as object, status as 200);
    });

  for (const [path, methods] of Map.groupBy(operations, ({ path }) => honoPath(path))) {
    const allow = methods.flatMap(({ method }) =>
      method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()],
    );
    app.all(path, (c) => {
      c.header('allow', allow.join(', '));
      return refuse(c, problem('badMethod', `${c.req.path} is there for ${allow.join(', ')}`));
    });
  }
  app.notFound((c) => refuse(c, problem('notFound', `there is no ${c.req.method} ${c.req.path}`)));
  app.onError((cause, c) => {
    if (owner !== undefined) throw cause;
    log.error({ event: 'connection.fault', service: 'http', remote: '' }, cause);
    return refuse(c, problem('fault', 'it was not answered as it should have been; look into the log'));
  });
  return app;
}

/** Makes one request. What changes something has its audit entry before it is begun. A refusal's body is its problem. */
async function perform(
  one: Operation,
  request: Checked,
  { key }: Presented,
  parts: AdminParts,
  log: Log,
): Promise<Answer> {
  const about = { tenant: key.tenant };
  const end =
    one.method === 'get'
      ? undefined
      : await parts.audit.begin({
          operation: one.id,
          params: request.params,
          request: request.body ?? null,
          key,
        });
  const tell = async (outcome: 'done' | 'refused' | 'failed', status: number) => {
    await end?.({ outcome, status, tenant: about.tenant ?? null });
    if (end) log.info({ event: 'admin.change', operation: one.id, key: key.id, outcome, status });
  };
  let result: Result<unknown, Problem>;
  try {
    result = await one.handle({ ...request, key, parts, about } as never);
  } catch (cause) {
    await tell('failed', 500);
    throw cause;
  }
  if (!result.ok) {
    await tell('refused', statusOf(result.error));
    return { status: statusOf(result.error), body: result.error };
  }
  await tell('done', one.status);
  return { status: one.status, body: result.value };
}
