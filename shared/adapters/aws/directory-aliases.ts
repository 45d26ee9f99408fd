import type { Address, Alias, DirectoryError } from '../../ports/directory.ts';
import { err, ok, type Result } from '../../result.ts';
import {
  addressKey,
  aliasItem,
  domainKey,
  domainOf,
  listsOf,
  texts,
  toAlias,
  toDomain,
} from './directory-items.ts';
import { counted, listed, put, unlisted } from './directory-parts.ts';
import type { DirectoryTable } from './directory-table.ts';

type Changed = Promise<Result<void, DirectoryError>>;

/** Whose domain an address is in; a domain in use stays its tenant's. */
async function tenantOf(table: DirectoryTable, address: Address): Promise<string | undefined> {
  const item = await table.get(domainKey(domainOf(address)));
  return item && toDomain(item).tenant;
}

export async function addAlias(table: DirectoryTable, alias: Alias): Changed {
  const { address } = alias;
  const tenant = await tenantOf(table, address);
  if (tenant === undefined) return err({ kind: 'notFound', name: domainOf(address) });
  const refused = await table.transact([
    counted(address, tenant, 1),
    put(aliasItem(alias)),
    ...listed(listsOf('aliases', address, tenant), address),
  ]);
  if (!refused) return ok(undefined);
  return refused[0]
    ? err({ kind: 'notFound', name: domainOf(address) })
    : err({ kind: 'exists', name: address });
}

export async function changeAlias(
  table: DirectoryTable,
  address: Address,
  targets: readonly Address[],
): Promise<Result<Alias, DirectoryError>> {
  const item = await table.update({
    Key: addressKey(address),
    UpdateExpression: 'SET targets = :targets',
    ConditionExpression: 'kind = :alias',
    ExpressionAttributeValues: { ':targets': texts(targets), ':alias': { S: 'alias' } },
  });
  const alias = item && toAlias(item);
  return alias ? ok(alias) : err({ kind: 'notFound', name: address });
}

export async function removeAlias(table: DirectoryTable, address: Address): Changed {
  const tenant = await tenantOf(table, address);
  if (tenant === undefined || !toAlias((await table.get(addressKey(address))) ?? {}))
    return err({ kind: 'notFound', name: address });
  const refused = await table.transact([
    counted(address, tenant, -1),
    {
      remove: {
        key: addressKey(address),
        ConditionExpression: 'kind = :alias',
        ExpressionAttributeValues: { ':alias': { S: 'alias' } },
      },
    },
    ...unlisted(listsOf('aliases', address, tenant), address),
  ]);
  return refused ? err({ kind: 'notFound', name: address }) : ok(undefined);
}
