import type { Tenant } from '../../../../shared/ports/directory.ts';
import { err, ok } from '../../../../shared/result.ts';
import { sees } from '../access.ts';
import { listed } from '../listing.ts';
import { operation } from '../operation.ts';
import { fromProvisioning, problem } from '../problem.ts';
import {
  newTenant,
  none,
  pageOf,
  pageQuery,
  tenantChange,
  tenantParams,
  tenantView,
  viewTenant,
} from '../schemas.ts';

const missing = (id: string) => err(problem('notFound', `there is no tenant ${id}`));
const forAll = err(problem('forbidden', 'a key for one tenant makes and removes none'));

export const tenantOperations = [
  operation({
    id: 'listTenants',
    method: 'get',
    path: '/v1/tenants',
    summary: 'Tenants, in order of their ids',
    scope: 'tenants:read',
    params: none,
    query: pageQuery,
    status: 200,
    answer: pageOf(tenantView),
    handle: async ({ key, query, parts }) => {
      const { directory } = parts.data.store;
      if (key.tenant === undefined)
        return ok(await listed((after, limit) => directory.tenants(after, limit), viewTenant, query));
      const own = query.after === undefined ? await directory.tenant(key.tenant) : undefined;
      return ok({ items: own ? [viewTenant(own)] : [], next: null });
    },
  }),
  operation({
    id: 'addTenant',
    method: 'post',
    path: '/v1/tenants',
    summary: 'Add a tenant: a customer with domains of its own',
    scope: 'tenants:write',
    params: none,
    query: none,
    body: newTenant,
    status: 201,
    answer: tenantView,
    location: ({ id }) => ['tenants', id],
    handle: async ({ key, body, parts, about }) => {
      if (key.tenant !== undefined) return forAll;
      const tenant: Tenant = { id: body.id, name: body.name ?? body.id, createdAt: parts.now() };
      about.tenant = tenant.id;
      const added = await parts.data.store.directory.addTenant(tenant);
      return added.ok ? ok(viewTenant(tenant)) : err(fromProvisioning(added.error));
    },
  }),
  operation({
    id: 'getTenant',
    method: 'get',
    path: '/v1/tenants/{tenant}',
    summary: 'One tenant',
    scope: 'tenants:read',
    params: tenantParams,
    query: none,
    status: 200,
    answer: tenantView,
    handle: async ({ key, params, parts }) => {
      const tenant = sees(key, params.tenant)
        ? await parts.data.store.directory.tenant(params.tenant)
        : undefined;
      return tenant ? ok(viewTenant(tenant)) : missing(params.tenant);
    },
  }),
  operation({
    id: 'changeTenant',
    method: 'patch',
    path: '/v1/tenants/{tenant}',
    summary: 'Rename a tenant: its id stays',
    scope: 'tenants:write',
    params: tenantParams,
    query: none,
    body: tenantChange,
    status: 200,
    answer: tenantView,
    handle: async ({ key, params, body, parts, about }) => {
      if (!sees(key, params.tenant)) return missing(params.tenant);
      about.tenant = params.tenant;
      const renamed = await parts.data.store.directory.renameTenant(params.tenant, body.name);
      return renamed.ok ? ok(viewTenant(renamed.value)) : err(fromProvisioning(renamed.error));
    },
  }),
  operation({
    id: 'removeTenant',
    method: 'delete',
    path: '/v1/tenants/{tenant}',
    summary: 'Remove a tenant that has no domain',
    scope: 'tenants:write',
    params: tenantParams,
    query: none,
    status: 204,
    answer: none,
    handle: async ({ key, params, parts, about }) => {
      if (key.tenant !== undefined) return forAll;
      about.tenant = params.tenant;
      const removed = await parts.data.store.directory.removeTenant(params.tenant);
      return removed.ok ? ok({}) : err(fromProvisioning(removed.error));
    },
  }),
];
