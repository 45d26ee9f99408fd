/**
 * The directory's table. Every thing has a record in a partition of its own, so that looking things up spreads over the
 * table, and an entry in a list that is read only by those who administer:
 *
 *     k (S, partition)       s (S, sort)   what
 *     tenants                tenant id     a tenant, record and list entry in one; `used` counts its domains
 *     domain#example.org     -             a domain; `used` counts its addresses
 *     domains                domain        list
 *     address#a@example.org  -             who has the address: the account's record, or the alias's
 *     account#ID             -             the account's address, or when it was removed: ids are never used again
 *     floor#a@example.org    -             what UIDVALIDITY must be above, once an account was removed from the address
 *     accounts, aliases      address       lists
 *     LIST#tenant#ID         the same      the list of domains, accounts or aliases once more: what is one tenant's
 *     LIST#domain#NAME       the same      and what lies in one domain (accounts, aliases)
 *     removed                account id    list of accounts whose log and blobs are still to be deleted
 *     changes                time#random   an account that may be used otherwise than before: see account-changes.ts
 *     secret#NAME            -             a key that all tasks know: see shared-key.ts
 *     lease#NAME             -             see leases.ts
 *     record#KIND            name          administration's records, and once more by tenant: see admin-records.ts
 *
 * An address is unique because it is a key. What belongs together is written in one transaction. Reads are consistent.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { AccountId } from '../../ids.ts';
import type { RecordKind } from '../../ports/admin-records.ts';
import type {
  AccountRecord,
  Address,
  Alias,
  AppPassword,
  Domain,
  Forwarding,
  Protocol,
  Tenant,
  Within,
} from '../../ports/directory.ts';

export type Item = Record<string, AttributeValue>;
export type Key = { readonly k: { readonly S: string }; readonly s: { readonly S: string } };

type PartedList = 'domains' | 'accounts' | 'aliases' | `record#${RecordKind}`;
export type ListName =
  | 'tenants'
  | 'removed'
  | 'changes'
  | PartedList
  | `${PartedList}#${'tenant' | 'domain'}#${string}`;

/** The list, or the part of it that is wanted. */
export function listWithin(list: PartedList, within: Within | undefined): ListName {
  if (within === undefined) return list;
  return 'tenant' in within ? `${list}#tenant#${within.tenant}` : `${list}#domain#${within.domain}`;
}

/** Every list that an address is on. */
export const listsOf = (list: 'accounts' | 'aliases', address: string, tenant: string): ListName[] => [
  list,
  `${list}#tenant#${tenant}`,
  `${list}#domain#${domainOf(address)}`,
];

export const listKey = (list: ListName, name: string): Key => ({ k: { S: list }, s: { S: name } });

const single = (partition: string): Key => ({ k: { S: partition }, s: { S: '-' } });

export const domainKey = (name: string): Key => single(`domain#${name}`);
export const addressKey = (address: string): Key => single(`address#${address}`);
export const floorKey = (address: string): Key => single(`floor#${address}`);
export const accountKey = (id: AccountId): Key => single(`account#${id}`);
export const secretKey = (name: string): Key => single(`secret#${name}`);
export const leaseKey = (name: string): Key => single(`lease#${name}`);

export const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1);

const text = (value: string): AttributeValue => ({ S: value });
const number = (value: number): AttributeValue => ({ N: String(value) });
export const texts = (values: readonly string[]): AttributeValue => ({ L: values.map(text) });

export const tenantItem = ({ id, name, createdAt }: Tenant): Item => ({
  ...listKey('tenants', id),
  name: text(name),
  createdAt: number(createdAt),
  used: number(0),
});

export const domainItem = ({ name, tenant, createdAt }: Domain): Item => ({
  ...domainKey(name),
  name: text(name),
  tenant: text(tenant),
  createdAt: number(createdAt),
  used: number(0),
});

export const aliasItem = ({ address, targets, createdAt }: Alias): Item => ({
  ...addressKey(address),
  kind: text('alias'),
  address: text(address),
  targets: texts(targets),
  createdAt: number(createdAt),
});

export const appPasswordValue = ({ name, hash, createdAt }: AppPassword): AttributeValue => ({
  M: { name: text(name), hash: text(hash), createdAt: number(createdAt) },
});

/** An attribute for each protocol, so that a day is written under a condition on it alone. */
export const signInAttribute = (protocol: Protocol): string => `signedIn_${protocol}`;

export const accountItem = (account: AccountRecord): Item => ({
  ...addressKey(account.address),
  kind: text('account'),
  id: text(account.id),
  address: text(account.address),
  tenant: text(account.tenant),
  credentialVersion: number(account.credentialVersion),
  // A map, so that one is added or removed without the others.
  appPasswords: { M: Object.fromEntries(account.appPasswords.map((one) => [one.id, appPasswordValue(one)])) },
  createdAt: number(account.createdAt),
  ...Object.fromEntries(
    Object.entries(account.lastSignIn ?? {}).map(([name, day]) => [
      signInAttribute(name as Protocol),
      text(day),
    ]),
  ),
  ...changeable(account),
});

export type Changeable = Partial<
  Pick<AccountRecord, 'displayName' | 'status' | 'protocols' | 'pop3Deletion' | 'passwordHash' | 'forwarding'>
>;

/** The attributes of those fields that are not undefined. */
export function changeable(change: Changeable): Item {
  const item: Item = {};
  if (change.displayName !== undefined) item.displayName = text(change.displayName);
  if (change.status !== undefined) item.status = text(change.status);
  if (change.protocols !== undefined) item.protocols = texts(change.protocols);
  if (change.pop3Deletion !== undefined) item.pop3Deletion = text(change.pop3Deletion);
  if (change.passwordHash !== undefined) item.passwordHash = text(change.passwordHash);
  if (change.forwarding !== undefined)
    item.forwarding = {
      M: { targets: texts(change.forwarding.targets), keep: { BOOL: change.forwarding.keep } },
    };
  return item;
}

const textOf = (value: AttributeValue | undefined): string => value?.S ?? '';
const textsOf = (value: AttributeValue | undefined): string[] => (value?.L ?? []).map(textOf);
const numberOf = (value: AttributeValue | undefined): number => Number(value?.N ?? 0);

export const floorOf = (item: Item | undefined): number => numberOf(item?.floor);

export const sortOf = (item: Item): string => textOf(item.s);

export const toTenant = (item: Item): Tenant => ({
  id: sortOf(item),
  name: textOf(item.name),
  createdAt: numberOf(item.createdAt),
});

export const toDomain = (item: Item): Domain => ({
  name: textOf(item.name) as Domain['name'],
  tenant: textOf(item.tenant),
  createdAt: numberOf(item.createdAt),
});

const toAppPassword = ([id, value]: [string, AttributeValue]): AppPassword => ({
  id,
  name: textOf(value.M?.name),
  hash: textOf(value.M?.hash),
  createdAt: numberOf(value.M?.createdAt),
});

/** One without targets is none: it was ended. */
function toForwarding(value: AttributeValue | undefined): { readonly forwarding?: Forwarding } {
  const targets = textsOf(value?.M?.targets) as Address[];
  return targets.length > 0 ? { forwarding: { targets, keep: value?.M?.keep?.BOOL === true } } : {};
}

const protocols: readonly Protocol[] = ['imap', 'pop3', 'submission'];

function toLastSignIn(item: Item): Pick<AccountRecord, 'lastSignIn'> {
  const days = protocols.flatMap((protocol) => {
    const day = item[signInAttribute(protocol)]?.S;
    return day === undefined ? [] : [[protocol, day] as const];
  });
  return days.length > 0 ? { lastSignIn: Object.fromEntries(days) } : {};
}

const oldestFirst = (a: AppPassword, b: AppPassword): number =>
  a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1);

/** Undefined where the address is an alias's. */
export function toAccount(item: Item): AccountRecord | undefined {
  if (textOf(item.kind) !== 'account') return undefined;
  return {
    id: textOf(item.id) as AccountId,
    address: textOf(item.address) as Address,
    tenant: textOf(item.tenant),
    displayName: textOf(item.displayName),
    status: textOf(item.status) as AccountRecord['status'],
    protocols: textsOf(item.protocols) as Protocol[],
    pop3Deletion: textOf(item.pop3Deletion) as AccountRecord['pop3Deletion'],
    passwordHash: item.passwordHash?.S,
    credentialVersion: numberOf(item.credentialVersion),
    appPasswords: Object.entries(item.appPasswords?.M ?? {})
      .map(toAppPassword)
      .sort(oldestFirst),
    ...toForwarding(item.forwarding),
    ...toLastSignIn(item),
    createdAt: numberOf(item.createdAt),
  };
}

/** Undefined where the address is an account's. */
export function toAlias(item: Item): Alias | undefined {
  if (textOf(item.kind) !== 'alias') return undefined;
  return {
    address: textOf(item.address) as Address,
    targets: textsOf(item.targets) as Address[],
    createdAt: numberOf(item.createdAt),
  };
}

/** The address of an account that is there; undefined for one that was removed. */
export const addressOf = (item: Item | undefined): Address | undefined =>
  item?.address?.S as Address | undefined;
