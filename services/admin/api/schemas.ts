import { z } from 'zod';
import { maxAliasTargets } from '../../../shared/directory/provisioning.ts';
import {
  type AccountRecord,
  type Alias,
  type AppPassword,
  type Domain,
  maxAppPasswords,
  maxForwards,
  type Tenant,
} from '../../../shared/ports/directory.ts';
import type { ApiKey } from './key-ring.ts';
import { type Scope, scopes } from './scopes.ts';

const time = z.iso.datetime().describe('UTC, RFC 3339');
const address = z.string().min(3).max(320).describe('a mail address, such as anna@example.org');
const domainName = z.string().min(1).max(255).describe('such as example.org');
/** Stands in paths, lists and logs. */
export const tenantId = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/)
  .describe('small letters, digits and hyphens');
const password = z
  .string()
  .min(1)
  .max(1024)
  .describe('at least 8 characters; one is made where none is given');
const protocol = z.enum(['imap', 'pop3', 'submission']);
const pop3Deletion = z
  .enum(['expunge', 'trash', 'hide'])
  .describe('what becomes of mail that POP3 deletes: gone, moved to Trash, or kept for IMAP only');
const quota = z.int().min(0).nullable().describe('bytes; null for no limit');
const displayName = z.string().max(200);

const forwardingView = z.object({ targets: z.array(address), keep: z.boolean() });
const forwardingChange = z.strictObject({
  targets: z
    .array(address)
    .min(1)
    .max(maxForwards)
    .describe('addresses in domains here; of others only where the installation forwards there'),
  keep: z.boolean().default(true).describe('a copy stays in the account'),
});

const day = z.iso.date().nullable();
const lastSignInView = z
  .object({ imap: day, pop3: day, submission: day })
  .describe('the last day (UTC) with a sign-in; null where there was none');

export const none = z.strictObject({});

export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(100).describe('at most this many'),
  after: z.string().max(600).optional().describe('`next` of the page before'),
});
export const inTenant = pageQuery.extend({ tenant: tenantId.optional().describe('of this tenant only') });
export const inDomain = inTenant.extend({ domain: domainName.optional().describe('of this domain only') });

export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), next: z.string().nullable().describe('null on the last page') });

export const tenantView = z
  .object({ id: tenantId, name: z.string(), createdAt: time })
  .meta({ id: 'Tenant' });
export const newTenant = z.strictObject({ id: tenantId, name: z.string().min(1).max(200).optional() });
export const tenantChange = z.strictObject({ name: z.string().min(1).max(200) });
export const tenantParams = z.object({ tenant: tenantId });

export const domainView = z
  .object({ name: domainName, tenant: tenantId, createdAt: time })
  .meta({ id: 'Domain' });
export const dnsRecord = z
  .object({ type: z.enum(['MX', 'TXT', 'SRV']), name: z.string(), value: z.string(), purpose: z.string() })
  .meta({ id: 'DnsRecord' });
export const domainDetail = domainView
  .extend({ dns: z.array(dnsRecord).describe('to be set where the domain is hosted') })
  .meta({ id: 'DomainDetail' });
export const newDomain = z.strictObject({
  name: domainName,
  tenant: tenantId.optional().describe("the key's own, or `default`, unless given"),
});
export const domainParams = z.object({ domain: domainName });

export const accountView = z
  .object({
    id: z.string(),
    address,
    tenant: tenantId,
    name: displayName,
    status: z.enum(['active', 'suspended']),
    protocols: z.array(protocol),
    pop3Deletion,
    forwarding: forwardingView.nullable().describe('null where mail goes nowhere else'),
    lastSignIn: lastSignInView,
    createdAt: time,
  })
  .meta({ id: 'Account' });
export const newAccount = z.strictObject({
  address,
  password: password.optional(),
  name: displayName.optional(),
  protocols: z.array(protocol).max(3).optional().describe('all, unless given'),
  pop3Deletion: pop3Deletion.optional(),
  quota: quota.optional(),
});
export const addedAccount = accountView
  .extend({ password: z.string().nullable().describe('where one was made: shown this once') })
  .meta({ id: 'AddedAccount' });
export const accountChange = z.strictObject({
  name: displayName.optional(),
  status: z.enum(['active', 'suspended']).optional(),
  protocols: z.array(protocol).max(3).optional(),
  pop3Deletion: pop3Deletion.optional(),
  quota: quota.optional(),
  forwarding: forwardingChange.nullable().optional().describe('in place of the one before; null ends it'),
});
export const accountParams = z.object({ address });
export const passwordChange = z.strictObject({ password: password.optional() });
export const changedPassword = z
  .object({ password: z.string().nullable().describe('where one was made: shown this once') })
  .meta({ id: 'ChangedPassword' });
export const appPasswordView = z
  .object({ id: z.string(), name: z.string(), createdAt: time })
  .meta({ id: 'AppPassword' });
export const appPasswordList = z.object({ items: z.array(appPasswordView).max(maxAppPasswords) });
export const newAppPassword = z.strictObject({
  name: z.string().min(1).max(200).describe('the program or device that it is for'),
});
export const addedAppPassword = appPasswordView
  .extend({ password: z.string().describe('shown this once') })
  .meta({ id: 'AddedAppPassword' });
export const appPasswordParams = accountParams.extend({ id: z.string().min(1).max(64) });
export const waitingList = z
  .object({
    items: z.array(
      z.object({ id: z.string(), waiting: z.int(), oldest: time.nullable().describe('since when') }),
    ),
  })
  .meta({ id: 'WaitingList' });
export const usageView = z
  .object({
    messages: z.int(),
    bytes: z.int(),
    quota,
    lastSignIn: lastSignInView,
    mailboxes: z.array(z.object({ name: z.string(), messages: z.int(), unseen: z.int(), bytes: z.int() })),
  })
  .meta({ id: 'Usage' });

export const aliasView = z
  .object({ address: z.string(), targets: z.array(address), createdAt: time })
  .meta({ id: 'Alias' });
export const newAlias = z.strictObject({
  address: z
    .string()
    .min(2)
    .max(320)
    .describe('an address, or @example.org for what nobody else there takes'),
  targets: z.array(address).min(1).max(maxAliasTargets),
});
export const aliasChange = z.strictObject({
  targets: newAlias.shape.targets.describe('in place of those before'),
});
export const aliasParams = z.object({ address: z.string().min(2).max(320) });

const scope = z.enum(scopes as readonly [Scope, ...Scope[]]);
export const keyView = z
  .object({
    id: z.string(),
    name: z.string(),
    scopes: z.array(scope),
    tenant: tenantId.nullable().describe('null for all'),
    createdAt: time,
    expiresAt: time.nullable(),
  })
  .meta({ id: 'Key' });
export const newKey = z.strictObject({
  name: z.string().min(1).max(100),
  scopes: z.array(scope).min(1).max(scopes.length),
  tenant: tenantId.optional().describe('the one tenant that it is for'),
  expiresAt: time.optional(),
});
export const addedKey = keyView
  .extend({ token: z.string().describe('shown this once') })
  .meta({ id: 'AddedKey' });
export const keyParams = z.object({ id: z.string().max(64) });

export const auditView = z
  .object({
    at: time,
    key: z.object({ id: z.string(), name: z.string() }),
    operation: z.string(),
    params: z.record(z.string(), z.string()),
    request: z.unknown().describe('without secrets'),
    tenant: z.string().nullable(),
    outcome: z
      .enum(['begun', 'done', 'refused', 'failed'])
      .describe('`begun` where the server ended before it could say'),
    status: z.int().nullable(),
  })
  .meta({ id: 'AuditEntry' });

export const problemView = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });

const printTime = (ms: number): string => new Date(ms).toISOString();

export const viewTenant = ({ id, name, createdAt }: Tenant) => ({
  id,
  name,
  createdAt: printTime(createdAt),
});
export const viewDomain = ({ name, tenant, createdAt }: Domain) => ({
  name,
  tenant,
  createdAt: printTime(createdAt),
});
export const viewLastSignIn = ({ lastSignIn = {} }: Pick<AccountRecord, 'lastSignIn'>) => ({
  imap: lastSignIn.imap ?? null,
  pop3: lastSignIn.pop3 ?? null,
  submission: lastSignIn.submission ?? null,
});
export const viewAccount = (account: AccountRecord) => ({
  id: account.id,
  address: account.address,
  tenant: account.tenant,
  name: account.displayName,
  status: account.status,
  protocols: [...account.protocols],
  pop3Deletion: account.pop3Deletion,
  forwarding: account.forwarding
    ? { targets: [...account.forwarding.targets], keep: account.forwarding.keep }
    : null,
  lastSignIn: viewLastSignIn(account),
  createdAt: printTime(account.createdAt),
});
export const viewAppPassword = ({ id, name, createdAt }: AppPassword) => ({
  id,
  name,
  createdAt: printTime(createdAt),
});
export const viewAlias = ({ address: of, targets, createdAt }: Alias) => ({
  address: of,
  targets: [...targets],
  createdAt: printTime(createdAt),
});
export const viewKey = ({ id, name, scopes: granted, tenant, createdAt, expiresAt }: ApiKey) => ({
  id,
  name,
  scopes: [...granted],
  tenant: tenant ?? null,
  createdAt: printTime(createdAt),
  expiresAt: expiresAt === undefined ? null : printTime(expiresAt),
});
