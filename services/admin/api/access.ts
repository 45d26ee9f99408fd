import { parseAddress, parseAliasAddress, parseDomain } from '../../../shared/directory/address.ts';
import type { AccountRecord, Alias, Domain } from '../../../shared/ports/directory.ts';
import { err, ok, type Result } from '../../../shared/result.ts';
import type { ApiKey } from './key-ring.ts';
import type { Call } from './operation.ts';
import { fromProvisioning, type Problem, problem } from './problem.ts';

type AnyCall = Pick<Call<unknown, unknown, unknown>, 'key' | 'parts' | 'about'>;

/** A key for one tenant knows nothing of the others. */
export const sees = ({ tenant }: Pick<ApiKey, 'tenant'>, of: string): boolean =>
  tenant === undefined || tenant === of;

const missing = (name: string) => err(problem('notFound', `there is no ${name}`));

/** A domain that the caller may see. */
export async function findDomain(
  { key, parts, about }: AnyCall,
  name: string,
): Promise<Result<Domain, Problem>> {
  const parsed = parseDomain(name);
  const domain = parsed.ok ? await parts.data.store.directory.domain(parsed.value) : undefined;
  if (domain === undefined || !sees(key, domain.tenant)) return missing(name);
  about.tenant = domain.tenant;
  return ok(domain);
}

/** An account that the caller may see. */
export async function findAccount(
  { key, parts, about }: AnyCall,
  address: string,
): Promise<Result<AccountRecord, Problem>> {
  const found = await parts.data.provisioning.account(address);
  // Said alike of what is not there and of what is another's.
  if (!found.ok)
    return found.error.kind === 'notFound' ? missing(address) : err(fromProvisioning(found.error));
  if (!sees(key, found.value.tenant)) return missing(address);
  about.tenant = found.value.tenant;
  return found;
}

/** An alias in a domain that the caller may see. */
export async function findAlias(call: AnyCall, address: string): Promise<Result<Alias, Problem>> {
  const parsed = parseAliasAddress(address);
  if (!parsed.ok) return missing(address);
  const domain = await findDomain(call, parsed.value.domain);
  if (!domain.ok) return missing(address);
  const alias = await call.parts.data.store.directory.alias(parsed.value.address);
  return alias === undefined ? missing(address) : ok(alias);
}

/** That an address to be made lies in a domain that the caller may see. */
export async function domainOfNew(call: AnyCall, address: string): Promise<Result<Domain, Problem>> {
  const parsed = address.startsWith('@') ? parseAliasAddress(address) : parseAddress(address);
  if (!parsed.ok) return err(fromProvisioning({ kind: 'badAddress', text: address, reason: parsed.error }));
  return await findDomain(call, parsed.value.domain);
}
