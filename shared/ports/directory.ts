import type { AccountId } from '../ids.ts';
import type { Result } from '../result.ts';

/** Lower-case, A-labels normalised to U-labels; see shared/directory/address.ts. */
export type Address = string & { readonly __address: true };
export type DomainName = string & { readonly __domain: true };

export type Protocol = 'imap' | 'pop3' | 'submission';

/** What POP3's deletion at QUIT does for an account: gone, moved to Trash, or hidden from POP3 and kept for IMAP. */
export type Pop3Deletion = 'expunge' | 'trash' | 'hide';

export interface Tenant {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
}

export interface Domain {
  readonly name: DomainName;
  readonly tenant: string;
  readonly createdAt: number;
}

export interface AccountRecord {
  readonly id: AccountId;
  readonly address: Address;
  readonly tenant: string;
  readonly displayName: string;
  readonly status: 'active' | 'suspended';
  readonly protocols: readonly Protocol[];
  readonly pop3Deletion: Pop3Deletion;
  /** PHC string ($argon2id$…), or undefined where only app passwords sign in. */
  readonly passwordHash: string | undefined;
  /** Grows with every change of credentials; remembered sign-ins of an older one are void. */
  readonly credentialVersion: number;
  /** Oldest first, at most `maxAppPasswords`. */
  readonly appPasswords: readonly AppPassword[];
  /** Absent where its mail goes nowhere else. */
  readonly forwarding?: Forwarding;
  /** The last day (of UTC, as `2026-11-28`) with a sign-in, by protocol. Absent where nobody has signed in yet. */
  readonly lastSignIn?: Readonly<Partial<Record<Protocol, string>>>;
  readonly createdAt: number;
}

/** Where else an account's mail goes. */
export interface Forwarding {
  /** At most `maxForwards`, in a record at least one; outside our domains only where the installation forwards there. */
  readonly targets: readonly Address[];
  /** A copy stays in the account. */
  readonly keep: boolean;
}

export const maxForwards = 20;

/** A password of one program or device: generated, and gone without the others when it is revoked. */
export interface AppPassword {
  readonly id: string;
  /** What it is for, as its owner says. */
  readonly name: string;
  /** See shared/directory/app-password.ts. */
  readonly hash: string;
  readonly createdAt: number;
}

export const maxAppPasswords = 50;

/** An address that delivers to others. Targets may be local accounts or aliases. */
export interface Alias {
  readonly address: Address;
  readonly targets: readonly Address[];
  readonly createdAt: number;
}

export type DirectoryError =
  | { readonly kind: 'exists'; readonly name: string }
  | { readonly kind: 'notFound'; readonly name: string }
  | { readonly kind: 'notEmpty'; readonly name: string }
  /** The account has as many app passwords as it may. */
  | { readonly kind: 'full'; readonly name: string };

export interface Page<T> {
  readonly items: readonly T[];
  /** Pass as `after` for the next page; undefined on the last one. */
  readonly next: string | undefined;
}

export type AccountListener = (changed: AccountId | 'all') => void;

/** How late a watcher hears of what another process changed, at the most, as long as the directory can be read. */
export const watchDelayMs = 10_000;

/** Some of a list: what is one tenant's, or lies in one domain. */
export type Within = { readonly tenant: string } | { readonly domain: DomainName };

/** Of a page, at most and unless told. */
export const pageItems = 500;

/**
 * Who there is. Addresses (accounts and aliases together) are unique; a change is visible to every process at once on one
 * machine, and to strongly consistent reads elsewhere. Lists are in ascending order of name. A page has at most `limit` items
 * (1 to `pageItems`), fewer where some of them were removed meanwhile; reading it costs no more, whatever else there is.
 */
export interface Directory {
  addTenant(tenant: Tenant): Promise<Result<void, DirectoryError>>;
  tenant(id: string): Promise<Tenant | undefined>;
  tenants(after?: string, limit?: number): Promise<Page<Tenant>>;
  /** What it is called; 'notFound' where there is no such tenant. */
  renameTenant(id: string, name: string): Promise<Result<Tenant, DirectoryError>>;
  /** 'notEmpty' while it has a domain. */
  removeTenant(id: string): Promise<Result<void, DirectoryError>>;
  /** 'notFound' where there is no such tenant. */
  addDomain(domain: Domain): Promise<Result<void, DirectoryError>>;
  domain(name: DomainName): Promise<Domain | undefined>;
  domains(after?: string, limit?: number, within?: { readonly tenant: string }): Promise<Page<Domain>>;
  /** 'notEmpty' while any account or alias is in it. */
  removeDomain(name: DomainName): Promise<Result<void, DirectoryError>>;
  /**
   * 'notFound' where the domain is not ours or not of the account's tenant, 'exists' where the address is taken or the id was ever used. `begunAbove` is the floor of UIDVALIDITY
   * that the account's log begins with: 'exists' also where the address has a higher one, for somebody had it meanwhile.
   */
  addAccount(account: AccountRecord, begunAbove?: number): Promise<Result<void, DirectoryError>>;
  /** What UIDVALIDITY of an account at this address must be above (RFC 9051 §2.3.1.1): 0 where nobody had it before. It only grows. */
  uidValidityFloor(address: Address): Promise<number>;
  account(id: AccountId): Promise<AccountRecord | undefined>;
  accountByAddress(address: Address): Promise<AccountRecord | undefined>;
  accounts(after?: string, limit?: number, within?: Within): Promise<Page<AccountRecord>>;
  /**
   * Changes fields of an account. `credentialVersion` grows by itself where `passwordHash` is among them, also as undefined,
   * which takes the password away; any other field that is undefined stays as it is. `forwarding` without targets ends it.
   */
  updateAccount(
    id: AccountId,
    change: Partial<
      Pick<
        AccountRecord,
        'displayName' | 'status' | 'protocols' | 'pop3Deletion' | 'passwordHash' | 'forwarding'
      >
    >,
  ): Promise<Result<AccountRecord, DirectoryError>>;
  /** 'full' with the account's address where it has `maxAppPasswords`. The id must be fresh. */
  addAppPassword(id: AccountId, added: AppPassword): Promise<Result<AccountRecord, DirectoryError>>;
  /** 'notFound' with the app password's id where the account has none of that id. */
  removeAppPassword(id: AccountId, appPassword: string): Promise<Result<AccountRecord, DirectoryError>>;
  /** Keeps the day of a sign-in if none as late is kept; nothing where there is no such account. Changes nothing else. */
  noteSignIn(account: Pick<AccountRecord, 'id' | 'address'>, protocol: Protocol, day: string): Promise<void>;
  /** `uidValidityFloor` stays with the address, unless there is a higher one. */
  removeAccount(id: AccountId, uidValidityFloor: number): Promise<Result<void, DirectoryError>>;
  /** 'notFound' where the domain is not ours, 'exists' where the address is taken. */
  /**
   * Calls `listener` with accounts that may be used otherwise than before: removed, suspended or taken up again, their password, protocols or
   * app passwords changed. By whichever process: changes made through this directory are told at once, others within
   * `watchDelayMs`, perhaps more than once; 'all' where some may have been missed. What is read then is the change, or later. The returned function ends it.
   */
  watchAccounts(listener: AccountListener): () => void;
  addAlias(alias: Alias): Promise<Result<void, DirectoryError>>;
  alias(address: Address): Promise<Alias | undefined>;
  aliases(after?: string, limit?: number, within?: Within): Promise<Page<Alias>>;
  /** Leads it elsewhere, at one moment; 'notFound' where there is no such alias. */
  changeAlias(address: Address, targets: readonly Address[]): Promise<Result<Alias, DirectoryError>>;
  removeAlias(address: Address): Promise<Result<void, DirectoryError>>;
}
