import { ok } from '../../../../shared/result.ts';
import type { AuditEntry } from '../audit-trail.ts';
import { emptyPage, listed, wantedTenant } from '../listing.ts';
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
    handle: async (call) => {
      const tenant = wantedTenant(call);
      if (tenant === null) return ok(emptyPage);
      const { audit } = call.parts;
      const view = ({ params, ...entry }: AuditEntry) => ({ ...entry, params: { ...params } });
      return ok(await listed((after, limit) => audit.entries(limit, after, tenant), view, call.query));
    },
  }),
];
