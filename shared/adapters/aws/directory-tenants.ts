import type { DirectoryError, Tenant } from '../../ports/directory.ts';
import { err, ok, type Result } from '../../result.ts';
import { listKey, tenantItem, toTenant } from './directory-items.ts';
import { put, unused } from './directory-parts.ts';
import type { DirectoryTable } from './directory-table.ts';

type Changed = Promise<Result<void, DirectoryError>>;

export async function addTenant(table: DirectoryTable, tenant: Tenant): Changed {
  const refused = await table.transact([put(tenantItem(tenant))]);
  return refused ? err({ kind: 'exists', name: tenant.id }) : ok(undefined);
}

export async function renameTenant(
  table: DirectoryTable,
  id: string,
  name: string,
): Promise<Result<Tenant, DirectoryError>> {
  const item = await table.update({
    Key: listKey('tenants', id),
    UpdateExpression: 'SET #name = :name',
    ConditionExpression: 'attribute_exists(k)',
    ExpressionAttributeNames: { '#name': 'name' },
    ExpressionAttributeValues: { ':name': { S: name } },
  });
  return item ? ok(toTenant(item)) : err({ kind: 'notFound', name: id });
}

export async function removeTenant(table: DirectoryTable, id: string): Changed {
  const refused = await table.transact([{ remove: { key: listKey('tenants', id), ...unused } }]);
  if (!refused) return ok(undefined);
  return err({ kind: refused[0]?.item ? 'notEmpty' : 'notFound', name: id });
}
