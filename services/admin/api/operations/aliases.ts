import { err, ok } from '../../../../shared/result.ts';
import { domainOfNew, findAlias } from '../access.ts';
import { emptyPage, listed, wantedPart } from '../listing.ts';
import { operation } from '../operation.ts';
import { fromProvisioning } from '../problem.ts';
import {
  aliasChange,
  aliasParams,
  aliasView,
  inDomain,
  newAlias,
  none,
  pageOf,
  viewAlias,
} from '../schemas.ts';

export const aliasOperations = [
  operation({
    id: 'listAliases',
    method: 'get',
    path: '/v1/aliases',
    summary: 'Aliases, in order of their addresses',
    scope: 'aliases:read',
    params: none,
    query: inDomain,
    status: 200,
    answer: pageOf(aliasView),
    handle: async (call) => {
      const part = await wantedPart(call);
      if (part === null) return ok(emptyPage);
      const { directory } = call.parts.data.store;
      return ok(await listed((after, limit) => directory.aliases(after, limit, part), viewAlias, call.query));
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
    location: ({ address }) => ['aliases', address],
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
    id: 'changeAlias',
    method: 'patch',
    path: '/v1/aliases/{address}',
    summary: 'Lead an alias elsewhere, at one moment',
    scope: 'aliases:write',
    params: aliasParams,
    query: none,
    body: aliasChange,
    status: 200,
    answer: aliasView,
    handle: async (call) => {
      const found = await findAlias(call, call.params.address);
      if (!found.ok) return found;
      const { provisioning } = call.parts.data;
      const changed = await provisioning.changeAlias(found.value.address, call.body.targets);
      return changed.ok ? ok(viewAlias(changed.value)) : err(fromProvisioning(changed.error));
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
