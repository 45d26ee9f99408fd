import { ok } from '../../../../shared/result.ts';
import { listed } from '../listing.ts';
import { operation } from '../operation.ts';
import { auditView, inTenant, none, pageOf } from '../schemas.ts';

export const auditOperations = [
  operation({
    id: 'listAudit',
    method: 'get',
    path: '/v1/audit',
    summary: 'Who changed what, newest first, thirteen months back',
    scope: 'audit:read',
    params: none,
    query: inTenant,
    status: 200,
    answer: pageOf(auditView),
    handle: async ({ key, query, parts }) => {
      const tenant = key.tenant ?? query.tenant;
      return ok(
        await listed(
          (after) => parts.audit.entries(500, after),
          ({ name }) => name,
          (entry) => tenant === undefined || entry.tenant === tenant,
          ({ name: _, params, ...entry }) => ({ ...entry, params: { ...params } }),
          query,
        ),
      );
    },
  }),
];
