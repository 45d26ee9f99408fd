import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
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
import type { Result } from '../../result.ts';
import { concernsSessions } from '../account-listeners.ts';
import { AccountChanges } from './account-changes.ts';
import { DirectoryList } from './directory-list.ts';
import { toAccount, toAlias, toDomain, toTenant } from './directory-rows.ts';
import type { AccountChange } from './write-operations.ts';
import type { Writer } from './writer.ts';

type Changed = Promise<Result<void, DirectoryError>>;

/** The directory in SQLite: looked up here, changed in the writer's thread. */
export class EmbeddedDirectory implements Directory {
  readonly #writer: Writer;
  readonly #now: () => number;
  readonly #tenant;
  readonly #tenants;
  readonly #domain;
  readonly #domains;
  readonly #account;
  readonly #accountByAddress;
  readonly #accounts;
  readonly #uidValidityFloor;
  readonly #alias;
  readonly #aliases;
  readonly #removed;
  readonly #changes: AccountChanges;

  constructor(reader: DatabaseSync, writer: Writer, now: () => number) {
    this.#writer = writer;
    this.#now = now;
    this.#changes = new AccountChanges(reader);
    this.#tenant = reader.prepare('SELECT * FROM tenants WHERE id = ?');
    this.#tenants = new DirectoryList(reader, { table: 'tenants', key: 'id' }, toTenant);
    this.#domain = reader.prepare('SELECT * FROM domains WHERE name = ?');
    this.#domains = new DirectoryList(
      reader,
      { table: 'domains', key: 'name', within: ['tenant'] },
      toDomain,
    );
    this.#account = reader.prepare('SELECT * FROM accounts WHERE id = ?');
    this.#accountByAddress = reader.prepare('SELECT * FROM accounts WHERE address = ?');
    this.#accounts = new DirectoryList(
      reader,
      { table: 'accounts', key: 'address', within: ['tenant', 'domain'] },
      toAccount,
    );
    this.#uidValidityFloor = reader.prepare('SELECT floor FROM uid_validity_floors WHERE address = ?');
    this.#alias = reader.prepare('SELECT * FROM aliases WHERE address = ?');
    this.#aliases = new DirectoryList(
      reader,
      { table: 'aliases', key: 'address', within: ['tenant', 'domain'] },
      toAlias,
    );
    this.#removed = reader.prepare(`SELECT id FROM removed_accounts WHERE dropped = 0 ORDER BY id LIMIT 500`);
  }

  addTenant(tenant: Tenant): Changed {
    return this.#writer.send('addTenant', tenant);
  }

  async tenant(id: string): Promise<Tenant | undefined> {
    return found(this.#tenant.get(id), toTenant);
  }

  renameTenant(id: string, name: string): Promise<Result<Tenant, DirectoryError>> {
    return this.#writer.send('renameTenant', { id, name });
  }

  removeTenant(id: string): Changed {
    return this.#writer.send('removeTenant', id);
  }

  async tenants(after?: string, limit?: number): Promise<Page<Tenant>> {
    return this.#tenants.page(after, limit);
  }

  addDomain(domain: Domain): Changed {
    return this.#writer.send('addDomain', domain);
  }

  async domain(name: DomainName): Promise<Domain | undefined> {
    return found(this.#domain.get(name), toDomain);
  }

  async domains(after?: string, limit?: number, within?: { readonly tenant: string }): Promise<Page<Domain>> {
    return this.#domains.page(after, limit, within);
  }

  removeDomain(name: DomainName): Changed {
    return this.#writer.send('removeDomain', name);
  }

  addAccount(account: AccountRecord, begunAbove = 0): Changed {
    return this.#writer.send('addAccount', { account, begunAbove });
  }

  async uidValidityFloor(address: Address): Promise<number> {
    return Number(this.#uidValidityFloor.get(address)?.floor ?? 0);
  }

  async account(id: AccountId): Promise<AccountRecord | undefined> {
    return found(this.#account.get(id), toAccount);
  }

  async accountByAddress(address: Address): Promise<AccountRecord | undefined> {
    return found(this.#accountByAddress.get(address), toAccount);
  }

  async accounts(after?: string, limit?: number, within?: Within): Promise<Page<AccountRecord>> {
    return this.#accounts.page(after, limit, within);
  }

  updateAccount(id: AccountId, change: AccountChange): Promise<Result<AccountRecord, DirectoryError>> {
    return this.#telling(id, this.#writer.send('updateAccount', { id, change }), concernsSessions(change));
  }

  addAppPassword(id: AccountId, added: AppPassword): Promise<Result<AccountRecord, DirectoryError>> {
    return this.#writer.send('addAppPassword', { id, added });
  }

  removeAppPassword(id: AccountId, appPassword: string): Promise<Result<AccountRecord, DirectoryError>> {
    return this.#telling(id, this.#writer.send('removeAppPassword', { id, appPassword }));
  }

  noteSignIn({ id }: Pick<AccountRecord, 'id'>, protocol: Protocol, day: string): Promise<void> {
    return this.#writer.send('noteSignIn', { id, protocol, day });
  }

  removeAccount(id: AccountId, uidValidityFloor: number): Changed {
    return this.#telling(id, this.#writer.send('removeAccount', { id, uidValidityFloor, now: this.#now() }));
  }

  watchAccounts(listener: AccountListener): () => void {
    return this.#changes.watch(listener);
  }

  /** No more is read: the database is about to be closed. */
  close(): void {
    this.#changes.close();
  }

  async #telling<T extends Result<unknown, unknown>>(
    id: AccountId,
    done: Promise<T>,
    tell = true,
  ): Promise<T> {
    const outcome = await done;
    if (tell && outcome.ok) this.#changes.tell(id);
    return outcome;
  }

  addAlias(alias: Alias): Changed {
    return this.#writer.send('addAlias', alias);
  }

  async alias(address: Address): Promise<Alias | undefined> {
    return found(this.#alias.get(address), toAlias);
  }

  async aliases(after?: string, limit?: number, within?: Within): Promise<Page<Alias>> {
    return this.#aliases.page(after, limit, within);
  }

  changeAlias(address: Address, targets: readonly Address[]): Promise<Result<Alias, DirectoryError>> {
    return this.#writer.send('changeAlias', { address, targets });
  }

  removeAlias(address: Address): Changed {
    return this.#writer.send('removeAlias', address);
  }

  /** Removed accounts whose log has not been dropped yet, at most 500: maintenance deletes their blobs, then drops the log. */
  removedAccounts(): AccountId[] {
    return this.#removed.all().map(({ id }) => id as AccountId);
  }
}

type Row = Record<string, SQLOutputValue>;

const found = <T>(row: Row | undefined, read: (row: Row) => T): T | undefined => row && read(row);
