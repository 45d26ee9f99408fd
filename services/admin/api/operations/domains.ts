import { err, ok } from '../../../../shared/result.ts';
import { findDomain, sees } from '../access.ts';
import { dnsRecords } from '../dns-records.ts';
import { emptyPage, listed, wantedTenant } from '../listing.ts';
import { operation } from '../operation.ts';
import { fromProvisioning, problem } from '../problem.ts';
import {
  domainDetail,
  domainParams,
  domainView,
  inTenant,
  newDomain,
  none,
  pageOf,
  viewDomain,
} from '../schemas.ts';

export const domainOperations = [
  operation({
    id: 'listDomains',
    method: 'get',
    path: '/v1/domains',
    summary: 'Domains, in order of their names',
    scope: 'domains:read',
    params: none,
    query: inTenant,
    status: 200,
    answer: pageOf(domainView),
    handle: async (call) => {
      const tenant = wantedTenant(call);
      if (tenant === null) return ok(emptyPage);
      const { directory } = call.parts.data.store;
      const within = tenant === undefined ? undefined : { tenant };
      return ok(
        await listed((after, limit) => directory.domains(after, limit, within), viewDomain, call.query),
      );
    },
  }),
  operation({
    id: 'addDomain',
    method: 'post',
    path: '/v1/domains',
    summary: 'Take mail for a domain',
    scope: 'domains:write',
    params: none,
    query: none,
    body: newDomain,
    status: 201,
    answer: domainDetail,
    location: ({ name }) => ['domains', name],
    handle: async ({ key, body, parts, about }) => {
      const tenant = body.tenant ?? key.tenant;
      if (tenant !== undefined && !sees(key, tenant))
        return err(problem('notFound', `there is no tenant ${tenant}`));
      about.tenant = tenant;
      const added = await parts.data.provisioning.addDomain(body.name, tenant);
      if (!added.ok) return err(fromProvisioning(added.error));
      about.tenant = added.value.tenant;
      return ok({ ...viewDomain(added.value), dns: dnsRecords(added.value.name, parts.hosts) });
    },
  }),
  operation({
    id: 'getDomain',
    method: 'get',
    path: '/v1/domains/{domain}',
    summary: 'One domain, and what is to be set in the DNS for it',
    scope: 'domains:read',
    params: domainParams,
    query: none,
    status: 200,
    answer: domainDetail,
    handle: async (call) => {
      const found = await findDomain(call, call.params.domain);
      if (!found.ok) return found;
      return ok({ ...viewDomain(found.value), dns: dnsRecords(found.value.name, call.parts.hosts) });
    },
  }),
  operation({
    id: 'removeDomain',
    method: 'delete',
    path: '/v1/domains/{domain}',
    summary: 'Take no more mail for a domain without accounts and aliases',
    scope: 'domains:write',
    params: domainParams,
    query: none,
    status: 204,
    answer: none,
    handle: async (call) => {
      const found = await findDomain(call, call.params.domain);
      if (!found.ok) return found;
      const removed = await call.parts.data.provisioning.removeDomain(found.value.name);
      return removed.ok ? ok({}) : err(fromProvisioning(removed.error));
    },
  }),
];
