import { parseDomain } from '../../../shared/directory/address.ts';
import type { Page, Within } from '../../../shared/ports/directory.ts';
import type { Call } from './operation.ts';

interface PageQuery {
  readonly limit: number;
  readonly after?: string | undefined;
}

interface Listed<V> {
  items: V[];
  /** What `after` takes for the next page. */
  next: string | null;
}

const encode = (name: string): string => Buffer.from(name).toString('base64url');
const decode = (cursor: string | undefined): string | undefined =>
  cursor === undefined ? undefined : Buffer.from(cursor, 'base64url').toString();

/** A page of a list, as the API shows it. */
export async function listed<T, V>(
  read: (after: string | undefined, limit: number) => Promise<Page<T>>,
  view: (item: T) => V,
  { limit, after }: PageQuery,
): Promise<Listed<V>> {
  const { items, next } = await read(decode(after), limit);
  return { items: items.map(view), next: next === undefined ? null : encode(next) };
}

/** The page of a list of which the caller may see nothing. */
export const emptyPage = { items: [], next: null };

type ListCall = Pick<
  Call<unknown, { readonly tenant?: string | undefined; readonly domain?: string | undefined }, unknown>,
  'key' | 'query' | 'parts'
>;

/** The tenant whose things are wanted, undefined for all; null where the key is for another one. */
export const wantedTenant = ({ key, query }: Pick<ListCall, 'key' | 'query'>): string | undefined | null =>
  key.tenant !== undefined && query.tenant !== undefined && key.tenant !== query.tenant
    ? null
    : (key.tenant ?? query.tenant);

/** What of a list is wanted, undefined for all of it; null where that is nothing that the caller may see. */
export async function wantedPart(call: ListCall): Promise<Within | undefined | null> {
  const tenant = wantedTenant(call);
  if (tenant === null) return null;
  if (call.query.domain === undefined) return tenant === undefined ? undefined : { tenant };
  const name = parseDomain(call.query.domain);
  const domain = name.ok ? await call.parts.data.store.directory.domain(name.value) : undefined;
  if (domain === undefined || (tenant !== undefined && domain.tenant !== tenant)) return null;
  return { domain: domain.name };
}
