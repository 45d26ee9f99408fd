/** What transactions of the directory are put together from: see directory-items.ts for the keys. */
import type { AccountId } from '../../ids.ts';
import type { Protocol } from '../../ports/directory.ts';
import {
  type Changeable,
  changeable,
  domainKey,
  domainOf,
  floorKey,
  type Item,
  type ListName,
  listKey,
  signInAttribute,
} from './directory-items.ts';
import type { TransactionPart } from './directory-table.ts';

/** Must not be there yet. */
export const put = (item: Item): TransactionPart => ({ put: { item, fresh: true } });
/** In the lists that pages are made of. */
export const listed = (lists: readonly ListName[], name: string): TransactionPart[] =>
  lists.map((list) => ({ put: { item: listKey(list, name), fresh: false } }));
export const unlisted = (lists: readonly ListName[], name: string): TransactionPart[] =>
  lists.map((list) => ({ remove: { key: listKey(list, name) } }));

/** Nothing counts on it. */
export const unused = {
  ConditionExpression: 'used = :zero',
  ExpressionAttributeValues: { ':zero': { N: '0' } },
};

/** The tenant must be there, and goes only when it has no domain. */
export const tenantCounted = (tenant: string, by: 1 | -1): TransactionPart => ({
  update: {
    key: listKey('tenants', tenant),
    UpdateExpression: 'ADD used :by',
    ConditionExpression: 'attribute_exists(k)',
    ExpressionAttributeValues: { ':by': { N: String(by) } },
  },
});

/** The domain must be there and that tenant's, and goes only when nothing counts on it. */
export const counted = (address: string, tenant: string, by: 1 | -1): TransactionPart => ({
  update: {
    key: domainKey(domainOf(address)),
    UpdateExpression: 'ADD used :by',
    ConditionExpression: '#tenant = :tenant',
    ExpressionAttributeNames: { '#tenant': 'tenant' },
    ExpressionAttributeValues: { ':by': { N: String(by) }, ':tenant': { S: tenant } },
  },
});

/** No account at the address had a UIDVALIDITY above this. */
export const floorAtMost = (address: string, most: number): TransactionPart => ({
  check: {
    key: floorKey(address),
    ConditionExpression: 'attribute_not_exists(k) OR floor <= :most',
    ExpressionAttributeValues: { ':most': { N: String(most) } },
  },
});

/** The address is still that account's. */
export const isAccount = (id: AccountId) => ({
  ConditionExpression: 'id = :id',
  ExpressionAttributeValues: { ':id': { S: id } },
});

/** A later day in place of an earlier one, or of none. */
export const signInExpression = (id: AccountId, protocol: Protocol, day: string) => ({
  UpdateExpression: 'SET #day = :day',
  ConditionExpression: 'id = :id AND (attribute_not_exists(#day) OR #day < :day)',
  ExpressionAttributeNames: { '#day': signInAttribute(protocol) },
  ExpressionAttributeValues: { ':id': { S: id }, ':day': { S: day } },
  ReturnValues: 'NONE' as const,
});

/** `passwordHash: undefined` takes the password away; elsewhere undefined means no change. */
export function changeExpression(id: AccountId, change: Changeable) {
  const values = changeable(change);
  const names = Object.keys(values);
  const credentials = 'passwordHash' in change;
  const set = names.map((name) => `#${name} = :${name}`);
  if (credentials) set.push('credentialVersion = credentialVersion + :one');
  // Something must be set; the condition still tells whether the account is there.
  if (set.length === 0) set.push('credentialVersion = credentialVersion');
  const remove = credentials && change.passwordHash === undefined ? ' REMOVE passwordHash' : '';
  const { ConditionExpression, ExpressionAttributeValues } = isAccount(id);
  return {
    UpdateExpression: `SET ${set.join(', ')}${remove}`,
    ConditionExpression,
    ...(names.length > 0 && {
      ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
    }),
    ExpressionAttributeValues: {
      ...ExpressionAttributeValues,
      ...(credentials && { ':one': { N: '1' } }),
      ...Object.fromEntries(names.map((name) => [`:${name}`, values[name]!])),
    },
  };
}
