/** One case for each operation of the API, by its operationId. Every case starts on an installation with what `prepare` made. */
import type { AdminGround } from './ground.ts';

export interface Case {
  readonly path: string;
  readonly body?: unknown;
  /** Bodies that are to be refused as 422, and others with their status. */
  readonly invalid?: readonly unknown[];
  /** What the same request a second time, without an Idempotency-Key, is answered with. */
  readonly again: number;
  /** The path with what is not there: 404. */
  readonly missing?: string;
  /** Bodies that name what is not there: 404. */
  readonly missingBody?: unknown;
}

/** Ids that only the answers tell. */
export interface Prepared {
  readonly keyId: string;
  readonly appPasswordId: string;
}

/** A tenant `acme` with a domain, an account, an alias and a key; an empty tenant `idle` with nothing. */
export async function prepare({ ask, key }: AdminGround): Promise<Prepared> {
  const root = await key();
  const make = async (path: string, body: unknown) => {
    const { status, body: answer } = await ask('POST', path, root, body);
    if (status !== 201) throw new Error(`${path}: ${status} ${JSON.stringify(answer)}`);
    return answer;
  };
  await make('/v1/tenants', { id: 'acme', name: 'Acme' });
  await make('/v1/tenants', { id: 'idle' });
  await make('/v1/domains', { name: 'acme.test', tenant: 'acme' });
  await make('/v1/domains', { name: 'empty.test', tenant: 'acme' });
  await make('/v1/accounts', { address: 'anna@acme.test', password: 'correct horse' });
  await make('/v1/aliases', { address: 'post@acme.test', targets: ['anna@acme.test'] });
  const { id: appPasswordId } = await make('/v1/accounts/anna@acme.test/app-passwords', {
    name: 'telephone',
  });
  const { id } = await make('/v1/keys', { name: 'a key', scopes: ['audit:read'], tenant: 'acme' });
  return { keyId: id, appPasswordId };
}

const unknown = { unknown: 1 };

export const cases = ({ keyId, appPasswordId }: Prepared): Readonly<Record<string, Case>> => ({
  listTenants: { path: '/v1/tenants?limit=1', again: 200 },
  addTenant: {
    path: '/v1/tenants',
    body: { id: 'new', name: 'New' },
    invalid: [{}, { id: 'No Capitals' }, { id: 'a', name: '' }, { id: 'a', ...unknown }, []],
    again: 409,
  },
  getTenant: { path: '/v1/tenants/acme', again: 200, missing: '/v1/tenants/nobody' },
  changeTenant: {
    path: '/v1/tenants/acme',
    body: { name: 'Acme & Co.' },
    invalid: [{}, { name: '' }, { name: 'x'.repeat(201) }, { name: 'a', id: 'b' }],
    again: 200,
    missing: '/v1/tenants/nobody',
  },
  removeTenant: { path: '/v1/tenants/idle', again: 404, missing: '/v1/tenants/nobody' },
  listDomains: { path: '/v1/domains?tenant=acme', again: 200 },
  addDomain: {
    path: '/v1/domains',
    body: { name: 'new.test', tenant: 'acme' },
    invalid: [{}, { name: 'no domain', tenant: 'acme' }, { name: 5 }, { name: 'a.test', ...unknown }],
    again: 409,
    missingBody: { name: 'new.test', tenant: 'nobody' },
  },
  getDomain: { path: '/v1/domains/acme.test', again: 200, missing: '/v1/domains/nobody.test' },
  removeDomain: { path: '/v1/domains/empty.test', again: 404, missing: '/v1/domains/nobody.test' },
  listAccounts: { path: '/v1/accounts?domain=acme.test&limit=5', again: 200 },
  addAccount: {
    path: '/v1/accounts',
    body: { address: 'new@acme.test', quota: 1_000_000, protocols: ['imap'], name: 'New' },
    invalid: [
      {},
      { address: 'no address' },
      { address: 'a@acme.test', password: 'short' },
      { address: 'a@acme.test', quota: -1 },
      { address: 'a@acme.test', quota: 1.5 },
      { address: 'a@acme.test', protocols: ['gopher'] },
      { address: 'a@acme.test', name: 'bell\u0007' },
      { address: 'a@acme.test', ...unknown },
    ],
    again: 409,
    missingBody: { address: 'a@nobody.test' },
  },
  getAccount: { path: '/v1/accounts/anna@acme.test', again: 200, missing: '/v1/accounts/nobody@acme.test' },
  changeAccount: {
    path: '/v1/accounts/anna@acme.test',
    body: {
      status: 'suspended',
      quota: null,
      protocols: ['pop3', 'pop3'],
      pop3Deletion: 'hide',
      name: 'A.',
      forwarding: null,
    },
    invalid: [
      { status: 'gone' },
      { quota: 'much' },
      { address: 'b@acme.test' },
      { name: 'x'.repeat(201) },
      { forwarding: { targets: [] } },
      { forwarding: { targets: ['anna@acme.test'] } },
      { forwarding: { targets: ['anna@elsewhere.test'], keep: true } },
    ],
    again: 200,
    missing: '/v1/accounts/nobody@acme.test',
  },
  removeAccount: {
    path: '/v1/accounts/anna@acme.test',
    again: 404,
    missing: '/v1/accounts/nobody@acme.test',
  },
  changePassword: {
    path: '/v1/accounts/anna@acme.test/password',
    body: {},
    invalid: [{ password: '' }, { password: 'short' }, { password: 7 }, unknown],
    again: 200,
    missing: '/v1/accounts/nobody@acme.test/password',
  },
  getUsage: {
    path: '/v1/accounts/anna@acme.test/usage',
    again: 200,
    missing: '/v1/accounts/no@acme.test/usage',
  },
  listAppPasswords: {
    path: '/v1/accounts/anna@acme.test/app-passwords',
    again: 200,
    missing: '/v1/accounts/no@acme.test/app-passwords',
  },
  addAppPassword: {
    path: '/v1/accounts/anna@acme.test/app-passwords',
    body: { name: 'laptop' },
    invalid: [{}, { name: '' }, { name: ' ' }, { name: 'bell\u0007' }, { name: 'a', ...unknown }],
    again: 201,
    missing: '/v1/accounts/no@acme.test/app-passwords',
  },
  removeAppPassword: {
    path: `/v1/accounts/anna@acme.test/app-passwords/${appPasswordId}`,
    again: 404,
    missing: '/v1/accounts/anna@acme.test/app-passwords/none',
  },
  listWaiting: { path: '/v1/forwards/waiting', again: 200 },
  listAliases: { path: '/v1/aliases', again: 200 },
  addAlias: {
    path: '/v1/aliases',
    body: { address: '@acme.test', targets: ['anna@acme.test'] },
    invalid: [
      {},
      { address: 'a@acme.test', targets: [] },
      { address: 'a@acme.test', targets: ['a@acme.test'] },
      { address: 'a@acme.test', targets: ['no address'] },
      { address: 'no address', targets: ['anna@acme.test'] },
    ],
    again: 409,
    missingBody: { address: 'a@nobody.test', targets: ['anna@acme.test'] },
  },
  getAlias: { path: '/v1/aliases/post@acme.test', again: 200, missing: '/v1/aliases/nobody@acme.test' },
  changeAlias: {
    path: '/v1/aliases/post@acme.test',
    body: { targets: ['anna@acme.test', 'bert@acme.test'] },
    invalid: [{}, { targets: [] }, { targets: ['post@acme.test'] }, { targets: ['no address'] }, unknown],
    again: 200,
    missing: '/v1/aliases/nobody@acme.test',
  },
  removeAlias: { path: '/v1/aliases/post@acme.test', again: 404, missing: '/v1/aliases/nobody@acme.test' },
  listKeys: { path: '/v1/keys', again: 200 },
  addKey: {
    path: '/v1/keys',
    body: { name: 'new', scopes: ['audit:read'], tenant: 'acme' },
    invalid: [
      {},
      { name: 'x', scopes: [] },
      { name: 'x', scopes: ['everything'] },
      { name: 'x', scopes: ['audit:write'] },
      { name: 'x', scopes: ['audit:read'], expiresAt: '2001-01-01T00:00:00Z' },
      { name: 'x', scopes: ['audit:read'], expiresAt: 'soon' },
    ],
    again: 201,
    missingBody: { name: 'x', scopes: ['audit:read'], tenant: 'nobody' },
  },
  getKey: { path: `/v1/keys/${keyId}`, again: 200, missing: '/v1/keys/nobody' },
  removeKey: { path: `/v1/keys/${keyId}`, again: 404, missing: '/v1/keys/nobody' },
  listAudit: { path: '/v1/audit', again: 200 },
});
