import { AccountListeners, concernsSessions } from '../../shared/adapters/account-listeners.ts';
import type { AccountId } from '../../shared/ids.ts';
import type {
  AccountRecord,
  Address,
  Alias,
  Directory,
  Domain,
  Tenant,
} from '../../shared/ports/directory.ts';
import { err, ok } from '../../shared/result.ts';

const domainOf = (address: Address) => address.slice(address.lastIndexOf('@') + 1);

/** The directory port over maps, for tests of what stands on it. */
export function memoryDirectory(): Directory & { readonly lookups: { count: number } } {
  const tenants = new Map<string, Tenant>();
  const domains = new Map<string, Domain>();
  const accounts = new Map<AccountId, AccountRecord>();
  const aliases = new Map<Address, Alias>();
  const floors = new Map<Address, number>();
  const lookups = { count: 0 };
  const listeners = new AccountListeners({ first() {}, none() {} });
  const byAddress = (address: Address) =>
    [...accounts.values()].find((account) => account.address === address);
  const claim = (address: Address) => {
    if (!domains.has(domainOf(address))) return err({ kind: 'notFound', name: domainOf(address) } as const);
    if (byAddress(address) || aliases.has(address)) return err({ kind: 'exists', name: address } as const);
    return ok(undefined);
  };
  const whole = <T>(items: Iterable<T>) => Promise.resolve({ items: [...items], next: undefined });
  return {
    lookups,
    async addTenant(tenant) {
      if (tenants.has(tenant.id)) return err({ kind: 'exists', name: tenant.id });
      tenants.set(tenant.id, tenant);
      return ok(undefined);
    },
    tenant: async (id) => tenants.get(id),
    tenants: () => whole(tenants.values()),
    async renameTenant(id, name) {
      const tenant = tenants.get(id);
      if (tenant === undefined) return err({ kind: 'notFound', name: id });
      const renamed = { ...tenant, name };
      tenants.set(id, renamed);
      return ok(renamed);
    },
    async removeTenant(id) {
      if ([...domains.values()].some(({ tenant }) => tenant === id))
        return err({ kind: 'notEmpty', name: id });
      return tenants.delete(id) ? ok(undefined) : err({ kind: 'notFound', name: id });
    },
    async addDomain(domain) {
      if (domains.has(domain.name)) return err({ kind: 'exists', name: domain.name });
      domains.set(domain.name, domain);
      return ok(undefined);
    },
    domain: async (name) => domains.get(name),
    domains: () => whole(domains.values()),
    async removeDomain(name) {
      const used = [...accounts.values(), ...aliases.values()].some(
        ({ address }) => domainOf(address) === name,
      );
      if (used) return err({ kind: 'notEmpty', name });
      return domains.delete(name) ? ok(undefined) : err({ kind: 'notFound', name });
    },
    async addAccount(account, begunAbove = 0) {
      const claimed = claim(account.address);
      if (!claimed.ok) return claimed;
      if ((floors.get(account.address) ?? 0) > begunAbove)
        return err({ kind: 'exists', name: account.address });
      accounts.set(account.id, account);
      return claimed;
    },
    uidValidityFloor: async (address) => floors.get(address) ?? 0,
    account: async (id) => accounts.get(id),
    async accountByAddress(address) {
      lookups.count += 1;
      return byAddress(address);
    },
    accounts: () => whole(accounts.values()),
    async updateAccount(id, change) {
      const before = accounts.get(id);
      if (before === undefined) return err({ kind: 'notFound', name: id });
      const credentialVersion = before.credentialVersion + ('passwordHash' in change ? 1 : 0);
      const { forwarding: was, ...kept } = before;
      const { forwarding = was, ...rest } = change;
      const forwards = forwarding && forwarding.targets.length > 0 && { forwarding };
      const after = { ...kept, ...rest, ...forwards, credentialVersion };
      accounts.set(id, after);
      if (concernsSessions(change)) listeners.tell(id);
      return ok(after);
    },
    async addAppPassword(id, added) {
      const before = accounts.get(id);
      if (before === undefined) return err({ kind: 'notFound', name: id });
      const after = { ...before, appPasswords: [...before.appPasswords, added] };
      accounts.set(id, after);
      return ok(after);
    },
    async removeAppPassword(id, appPassword) {
      const before = accounts.get(id);
      const appPasswords = before?.appPasswords.filter((one) => one.id !== appPassword);
      if (before === undefined || appPasswords?.length === before.appPasswords.length)
        return err({ kind: 'notFound', name: appPassword });
      const after = { ...before, appPasswords: appPasswords! };
      accounts.set(id, after);
      listeners.tell(id);
      return ok(after);
    },
    async noteSignIn({ id }, protocol, day) {
      const before = accounts.get(id);
      if (before === undefined || (before.lastSignIn?.[protocol] ?? '') >= day) return;
      accounts.set(id, { ...before, lastSignIn: { ...before.lastSignIn, [protocol]: day } });
    },
    async removeAccount(id, uidValidityFloor) {
      const removed = accounts.get(id);
      if (removed === undefined) return err({ kind: 'notFound', name: id });
      floors.set(removed.address, Math.max(uidValidityFloor, floors.get(removed.address) ?? 0));
      accounts.delete(id);
      listeners.tell(id);
      return ok(undefined);
    },
    watchAccounts: (listener) => listeners.add(listener),
    async addAlias(alias) {
      const claimed = claim(alias.address);
      if (claimed.ok) aliases.set(alias.address, alias);
      return claimed;
    },
    async alias(address) {
      lookups.count += 1;
      return aliases.get(address);
    },
    aliases: () => whole(aliases.values()),
    async changeAlias(address, targets) {
      const alias = aliases.get(address);
      if (alias === undefined) return err({ kind: 'notFound', name: address });
      const changed = { ...alias, targets };
      aliases.set(address, changed);
      return ok(changed);
    },
    async removeAlias(address) {
      return aliases.delete(address) ? ok(undefined) : err({ kind: 'notFound', name: address });
    },
  };
}
