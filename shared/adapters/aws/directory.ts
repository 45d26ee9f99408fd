import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { AccountId } from '../../ids.ts';
import type {
  AccountListener,
  AccountRecord,
  Address,
  Alias,
  AppPassword,
  Directory,
  DirectoryError,
  Domain,
  DomainName,
  Page,
  Protocol,
  Tenant,
  Within,
} from '../../ports/directory.ts';
import { err, ok, type Result } from '../../result.ts';
import { concernsSessions } from '../account-listeners.ts';
import { AccountChanges, changesPollMs, noted } from './account-changes.ts';
import { Calls, directoryLimits } from './calls.ts';
import { addAlias, changeAlias, removeAlias } from './directory-aliases.ts';
import { addAppPassword, removeAppPassword } from './directory-app-passwords.ts';
import {
  accountItem,
  accountKey,
  addressKey,
  addressOf,
  type Changeable,
  domainItem,
  domainKey,
  domainOf,
  floorKey,
  floorOf,
  type Item,
  type Key,
  listKey,
  listsOf,
  listWithin,
  sortOf,
  toAccount,
  toAlias,
  toDomain,
  toTenant,
} from './directory-items.ts';
import {
  changeExpression,
  counted,
  floorAtMost,
  isAccount,
  listed,
  put,
  signInExpression,
  tenantCounted,
  unlisted,
} from './directory-parts.ts';
import { DirectoryTable, type TransactionPart } from './directory-table.ts';
import { addTenant, removeTenant, renameTenant } from './directory-tenants.ts';

type Changed = Promise<Result<void, DirectoryError>>;

export interface AwsDirectoryOptions {
  /** Must not repeat requests by itself (`maxAttempts: 1`). */
  readonly client: Pick<DynamoDBClient, 'send'>;
  /** Its key schema is in tables.ts. */
  readonly table: string;
  readonly calls?: Calls;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Between two looks for changed accounts. */
  readonly changesPollMs?: number;
}

/** The directory in one DynamoDB table; directory-items.ts describes its keys. Throws ServiceFailure where it cannot be asked. */
export class AwsDirectory implements Directory {
  readonly #table: DirectoryTable;
  readonly #now: () => number;
  readonly #changes: AccountChanges;

  constructor(options: AwsDirectoryOptions) {
    const { client, table, calls = new Calls(directoryLimits), now = Date.now } = options;
    this.#table = new DirectoryTable(client, table, calls);
    this.#now = now;
    this.#changes = new AccountChanges(this.#table, now, options.changesPollMs ?? changesPollMs);
  }

  addTenant(tenant: Tenant): Changed {
    return addTenant(this.#table, tenant);
  }

  async tenant(id: string): Promise<Tenant | undefined> {
    const item = await this.#table.get(listKey('tenants', id));
    return item && toTenant(item);
  }

  renameTenant(id: string, name: string): Promise<Result<Tenant, DirectoryError>> {
    return renameTenant(this.#table, id, name);
  }

  removeTenant(id: string): Changed {
    return removeTenant(this.#table, id);
  }

  async tenants(after?: string, limit?: number): Promise<Page<Tenant>> {
    const { items, next } = await this.#table.list('tenants', after, limit);
    return { items: items.map(toTenant), next };
  }

  async addDomain(domain: Domain): Changed {
    const refused = await this.#table.transact([
      put(domainItem(domain)),
      tenantCounted(domain.tenant, 1),
      ...listed(['domains', listWithin('domains', domain)], domain.name),
    ]);
    if (!refused) return done;
    return refused[1] && !refused[0]
      ? err({ kind: 'notFound', name: domain.tenant })
      : err({ kind: 'exists', name: domain.name });
  }

  async domain(name: DomainName): Promise<Domain | undefined> {
    const item = await this.#table.get(domainKey(name));
    return item && toDomain(item);
  }

  async domains(after?: string, limit?: number, within?: { tenant: string }): Promise<Page<Domain>> {
    const { items, next } = await this.#table.list(listWithin('domains', within), after, limit);
    return { items: await this.#records(items, domainKey, toDomain), next };
  }

  async removeDomain(name: DomainName): Changed {
    const domain = await this.domain(name);
    if (domain === undefined) return err({ kind: 'notFound', name });
    const refused = await this.#table.transact([
      {
        remove: {
          key: domainKey(name),
          ConditionExpression: 'used = :zero AND #tenant = :tenant',
          ExpressionAttributeNames: { '#tenant': 'tenant' },
          ExpressionAttributeValues: { ':zero': { N: '0' }, ':tenant': { S: domain.tenant } },
        },
      },
      tenantCounted(domain.tenant, -1),
      ...unlisted(['domains', listWithin('domains', domain)], name),
    ]);
    if (!refused) return done;
    return err({ kind: refused[0]?.item ? 'notEmpty' : 'notFound', name });
  }

  async addAccount(account: AccountRecord, begunAbove = 0): Changed {
    const { address, id } = account;
    const refused = await this.#table.transact([
      counted(address, account.tenant, 1),
      put(accountItem(account)),
      floorAtMost(address, begunAbove),
      put({ ...accountKey(id), address: { S: address } }),
      ...listed(listsOf('accounts', address, account.tenant), address),
    ]);
    if (!refused) return done;
    if (refused[0]) return err({ kind: 'notFound', name: domainOf(address) });
    return err({ kind: 'exists', name: refused[3] && !refused[1] ? id : address });
  }

  async uidValidityFloor(address: Address): Promise<number> {
    return floorOf(await this.#table.get(floorKey(address)));
  }

  async account(id: AccountId): Promise<AccountRecord | undefined> {
    const address = addressOf(await this.#table.get(accountKey(id)));
    const account = address && (await this.accountByAddress(address));
    // Between the two reads the address may have become another's.
    return account?.id === id ? account : undefined;
  }

  async accountByAddress(address: Address): Promise<AccountRecord | undefined> {
    const item = await this.#table.get(addressKey(address));
    return item && toAccount(item);
  }

  async accounts(after?: string, limit?: number, within?: Within): Promise<Page<AccountRecord>> {
    const { items, next } = await this.#table.list(listWithin('accounts', within), after, limit);
    return { items: await this.#records(items, addressKey, toAccount), next };
  }

  async updateAccount(id: AccountId, change: Changeable): Promise<Result<AccountRecord, DirectoryError>> {
    const address = addressOf(await this.#table.get(accountKey(id)));
    if (address === undefined) return err({ kind: 'notFound', name: id });
    const expression = changeExpression(id, change);
    const item = concernsSessions(change)
      ? await this.#noting(id, { key: addressKey(address), ...expression })
      : await this.#table.update({ Key: addressKey(address), ...expression });
    const account = item && toAccount(item);
    return account ? ok(account) : err({ kind: 'notFound', name: id });
  }

  /** Changes an account's record together with the note of it, so that no watcher misses it. Undefined where the condition does not hold. */
  async #noting(id: AccountId, update: NonNullable<TransactionPart['update']>): Promise<Item | undefined> {
    const refused = await this.#table.transact([{ update }, noted(id, this.#now())]);
    if (refused) return undefined;
    this.#changes.tell(id);
    return await this.#table.get(update.key);
  }

  addAppPassword(id: AccountId, added: AppPassword): Promise<Result<AccountRecord, DirectoryError>> {
    return addAppPassword(this.#table, id, added);
  }

  removeAppPassword(id: AccountId, appPassword: string): Promise<Result<AccountRecord, DirectoryError>> {
    return removeAppPassword(this.#table, id, appPassword, (update) => this.#noting(id, update));
  }

  async noteSignIn(
    { id, address }: Pick<AccountRecord, 'id' | 'address'>,
    protocol: Protocol,
    day: string,
  ): Promise<void> {
    await this.#table.update({ Key: addressKey(address), ...signInExpression(id, protocol, day) });
  }

  async removeAccount(id: AccountId, uidValidityFloor: number): Changed {
    const account = await this.account(id);
    if (account === undefined) return err({ kind: 'notFound', name: id });
    const { address, tenant } = account;
    // Nobody else raises it while the address is this account's.
    const floor = Math.max(uidValidityFloor, await this.uidValidityFloor(address));
    const refused = await this.#table.transact([
      counted(address, tenant, -1),
      { remove: { key: addressKey(address), ...isAccount(id) } },
      {
        update: {
          key: accountKey(id),
          UpdateExpression: 'SET removedAt = :now REMOVE address',
          ConditionExpression: 'attribute_exists(address)',
          ExpressionAttributeValues: { ':now': { N: String(this.#now()) } },
        },
      },
      { put: { item: { ...floorKey(address), floor: { N: String(floor) } }, fresh: false } },
      ...unlisted(listsOf('accounts', address, tenant), address),
      ...listed(['removed'], id),
      noted(id, this.#now()),
    ]);
    if (refused) return err({ kind: 'notFound', name: id });
    this.#changes.tell(id);
    return done;
  }

  watchAccounts(listener: AccountListener): () => void {
    return this.#changes.watch(listener);
  }

  close(): void {
    this.#changes.close();
  }

  addAlias(alias: Alias): Changed {
    return addAlias(this.#table, alias);
  }

  async alias(address: Address): Promise<Alias | undefined> {
    const item = await this.#table.get(addressKey(address));
    return item && toAlias(item);
  }

  async aliases(after?: string, limit?: number, within?: Within): Promise<Page<Alias>> {
    const { items, next } = await this.#table.list(listWithin('aliases', within), after, limit);
    return { items: await this.#records(items, addressKey, toAlias), next };
  }

  changeAlias(address: Address, targets: readonly Address[]): Promise<Result<Alias, DirectoryError>> {
    return changeAlias(this.#table, address, targets);
  }

  removeAlias(address: Address): Changed {
    return removeAlias(this.#table, address);
  }

  /** Removed accounts whose data is still there, at most 500. */
  async removedAccounts(): Promise<AccountId[]> {
    const { items } = await this.#table.list('removed');
    return items.map((item) => sortOf(item) as AccountId);
  }

  /** The account's log and blobs are gone. */
  async forgetRemoved(id: AccountId): Promise<void> {
    await this.#table.transact(unlisted(['removed'], id));
  }

  /** What a page's items name. */
  async #records<T>(
    items: readonly Item[],
    key: (name: string) => Key,
    read: (item: Item) => T | undefined,
  ): Promise<T[]> {
    const records = await this.#table.getMany(items.map((item) => key(sortOf(item))));
    return records.map(read).filter((record) => record !== undefined);
  }
}

const done: Result<void, never> = ok(undefined);
