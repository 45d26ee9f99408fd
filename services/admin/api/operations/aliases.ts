import { err, ok } from '../../../../shared/result.ts';
import { domainOfNew, findAlias, sees } from '../access.ts';
import { listed } from '../listing.ts';
import { operation } from '../operation.ts';
import { fromProvisioning } from '../problem.ts';
import { aliasParams, aliasView, newAlias, none, pageOf, pageQuery, viewAlias } from '../schemas.ts';

const domainOf = (address: string) => address.slice(address.lastIndexOf('@') + 1);

export const aliasOperations = [
  operation({
    id: 'listAliases',
    method: 'get',
    path: '/v1/aliases',
    summary: 'Aliases, in order of their addresses',
    scope: 'aliases:read',
    params: none,
    query: pageQuery,
    status: 200,
    answer: pageOf(aliasView),
    handle: async ({ key, query, parts }) => {
      const { directory } = parts.data.store;
      const mine = new Set<string>();
      if (key.tenant !== undefined)
        for (let after: string | undefined; ; ) {
          const { items, next } = await directory.domains(after);
          for (const { name, tenant } of items) if (sees(key, tenant)) mine.add(name);
          if (next === undefined) break;
          after = next;
        }
      return ok(
        await listed(
          (after) => directory.aliases(after),
          ({ address }) => address,
          ({ address }) => key.tenant === undefined || mine.has(domainOf(address)),
          viewAlias,
          query,
        ),
      );
    },
  }),
  operation({
    id: 'addAlias',
    method: 'post',
    path: '/v1/aliases',
    summary: 'Lead an address to others',
    scope: 'aliases:write',
    params: none,
    query: none,
    body: newAlias,
    status: 201,
    answer: aliasView,
    handle: async (call) => {
      const domain = await domainOfNew(call, call.body.address);
      if (!domain.ok) return domain;
      const added = await call.parts.data.provisioning.addAlias(call.body.address, call.body.targets);
      return added.ok ? ok(viewAlias(added.value)) : err(fromProvisioning(added.error));
    },
  }),
  operation({
    id: 'getAlias',
    method: 'get',
    path: '/v1/aliases/{address}',
    summary: 'One alias',
    scope: 'aliases:read',
    params: aliasParams,
    query: none,
    status: 200,
    answer: aliasView,
    handle: async (call) => {
      const found = await findAlias(call, call.params.address);
      return found.ok ? ok(viewAlias(found.value)) : found;
    },
  }),
  operation({
    id: 'removeAlias',
    method: 'delete',
    path: '/v1/aliases/{address}',
    summary: 'Remove an alias',
    scope: 'aliases:write',
    params: aliasParams,
    query: none,
    status: 204,
    answer: none,
    handle: async (call) => {
      const found = await findAlias(call, call.params.address);
      if (!found.ok) return found;
      const removed = await call.parts.data.provisioning.removeAlias(found.value.address);
      return removed.ok ? ok({}) : err(fromProvisioning(removed.error));
    },
  }),
];
