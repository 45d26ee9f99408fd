import { err, ok, type Result } from '../../../../shared/result.ts';
import { sees } from '../access.ts';
import type { ApiKey, NewKey } from '../key-ring.ts';
import { emptyPage, listed, wantedTenant } from '../listing.ts';
import { type AdminParts, operation } from '../operation.ts';
import { type Problem, problem } from '../problem.ts';
import { addedKey, inTenant, keyParams, keyView, newKey, none, pageOf, viewKey } from '../schemas.ts';
import { allows } from '../scopes.ts';

/** A key for one tenant sees that tenant's keys. */
const visible = (holder: ApiKey, key: ApiKey): boolean =>
  holder.tenant === undefined || (key.tenant !== undefined && sees(holder, key.tenant));

async function findKey(holder: ApiKey, id: string, { keys }: AdminParts): Promise<Result<ApiKey, Problem>> {
  const key = await keys.key(id);
  if (key === undefined || !visible(holder, key)) return err(problem('notFound', `there is no key ${id}`));
  return ok(key);
}

/** Nobody gives what they have not: the scopes, the tenant and the time of a new key lie within its maker's. */
function exceeds(maker: ApiKey, wanted: NewKey): string | undefined {
  const beyond = wanted.scopes.find((scope) => !allows(maker.scopes, scope));
  if (beyond !== undefined) return `your key has no ${beyond} to give`;
  if (maker.tenant !== undefined && wanted.tenant !== maker.tenant) return 'your key is for one tenant';
  if (
    maker.expiresAt !== undefined &&
    !(wanted.expiresAt !== undefined && wanted.expiresAt <= maker.expiresAt)
  )
    return 'the new key would outlive yours';
  return undefined;
}

export const keyOperations = [
  operation({
    id: 'listKeys',
    method: 'get',
    path: '/v1/keys',
    summary: 'API keys, in order of their making',
    scope: 'keys:read',
    params: none,
    query: inTenant,
    status: 200,
    answer: pageOf(keyView),
    handle: async (call) => {
      const tenant = wantedTenant(call);
      if (tenant === null) return ok(emptyPage);
      const { keys } = call.parts;
      return ok(await listed((after, limit) => keys.keys(limit, after, tenant), viewKey, call.query));
    },
  }),
  operation({
    id: 'addKey',
    method: 'post',
    path: '/v1/keys',
    summary: 'Make an API key, with no more rights than your own',
    scope: 'keys:write',
    params: none,
    query: none,
    body: newKey,
    status: 201,
    answer: addedKey,
    location: ({ id }) => ['keys', id],
    handle: async ({ key, body, parts, about }) => {
      const expiresAt = body.expiresAt === undefined ? undefined : Date.parse(body.expiresAt);
      const wanted: NewKey = {
        name: body.name,
        scopes: [...new Set(body.scopes)],
        tenant: body.tenant ?? key.tenant,
        expiresAt: expiresAt ?? key.expiresAt,
      };
      // Of who asks, where that is a tenant's: what it may not do is nobody else's matter.
      about.tenant = key.tenant ?? wanted.tenant;
      if (wanted.expiresAt !== undefined && wanted.expiresAt <= parts.now())
        return err(problem('invalid', 'the key would have expired already'));
      const why = exceeds(key, wanted);
      if (why !== undefined) return err(problem('forbidden', why));
      if (wanted.tenant !== undefined && !(await parts.data.store.directory.tenant(wanted.tenant)))
        return err(problem('notFound', `there is no tenant ${wanted.tenant}`));
      const { key: added, token } = await parts.keys.add(wanted);
      return ok({ ...viewKey(added), token });
    },
  }),
  operation({
    id: 'getKey',
    method: 'get',
    path: '/v1/keys/{id}',
    summary: 'One API key, without its secret',
    scope: 'keys:read',
    params: keyParams,
    query: none,
    status: 200,
    answer: keyView,
    handle: async ({ key, params, parts }) => {
      const found = await findKey(key, params.id, parts);
      return found.ok ? ok(viewKey(found.value)) : found;
    },
  }),
  operation({
    id: 'removeKey',
    method: 'delete',
    path: '/v1/keys/{id}',
    summary: 'Revoke an API key, at once',
    scope: 'keys:write',
    params: keyParams,
    query: none,
    status: 204,
    answer: none,
    handle: async ({ key, params, parts, about }) => {
      const found = await findKey(key, params.id, parts);
      if (!found.ok) return found;
      about.tenant = found.value.tenant;
      await parts.keys.remove(found.value.id);
      return ok({});
    },
  }),
];
