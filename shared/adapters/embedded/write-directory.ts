import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { type AccountRecord, type DirectoryError, maxAppPasswords } from '../../ports/directory.ts';
import { err, ok, type Result } from '../../result.ts';
import { concernsSessions } from '../account-listeners.ts';
import { accountChangeWrites } from './account-changes.ts';
import { toAccount, toAlias, toTenant } from './directory-rows.ts';
import type { AccountChange, WriteOperations } from './write-operations.ts';

type DirectoryWrites = Pick<
  WriteOperations,
  | 'addTenant'
  | 'renameTenant'
  | 'removeTenant'
  | 'addDomain'
  | 'removeDomain'
  | 'addAccount'
  | 'updateAccount'
  | 'addAppPassword'
  | 'removeAppPassword'
  | 'noteSignIn'
  | 'removeAccount'
  | 'addAlias'
  | 'changeAlias'
  | 'removeAlias'
>;

/** The directory, in the writer's thread: one transaction at a time, so what is checked still holds when it is written. */
export function directoryWrites(db: DatabaseSync): DirectoryWrites {
  const exists = (sql: string) => {
    const statement = db.prepare(`SELECT EXISTS (${sql}) AS found`);
    return (...values: SQLInputValue[]): boolean => statement.get(...values)?.found === 1;
  };
  const tenantIs = exists('SELECT 1 FROM tenants WHERE id = ?');
  const tenantIsUsed = exists('SELECT 1 FROM domains WHERE tenant = ?');
  const domainIs = exists('SELECT 1 FROM domains WHERE name = ?');
  const domainIsOf = exists('SELECT 1 FROM domains WHERE name = ? AND tenant = ?');
  const domainIsUsed = exists(
    'SELECT 1 FROM accounts WHERE domain = ?1 UNION ALL SELECT 1 FROM aliases WHERE domain = ?1',
  );
  const addressIsTaken = exists(
    'SELECT 1 FROM accounts WHERE address = ?1 UNION ALL SELECT 1 FROM aliases WHERE address = ?1',
  );
  const idWasUsed = exists(
    'SELECT 1 FROM accounts WHERE id = ?1 UNION ALL SELECT 1 FROM removed_accounts WHERE id = ?1',
  );
  const addTenant = db.prepare('INSERT INTO tenants (id, name, created_at) VALUES (?, ?, ?)');
  const renameTenant = db.prepare('UPDATE tenants SET name = ? WHERE id = ? RETURNING *');
  const removeTenant = db.prepare('DELETE FROM tenants WHERE id = ?');
  const addDomain = db.prepare('INSERT INTO domains (name, tenant, created_at) VALUES (?, ?, ?)');
  const removeDomain = db.prepare('DELETE FROM domains WHERE name = ?');
  const findAccount = db.prepare('SELECT * FROM accounts WHERE id = ?');
  const putAccount = db.prepare(
    'INSERT INTO accounts (id, address, domain, tenant, display_name, status, protocols, pop3_deletion,' +
      ' password_hash, credential_version, app_passwords, forwarding, last_sign_in, created_at)' +
      ' VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)' +
      ' ON CONFLICT (id) DO UPDATE SET display_name = excluded.display_name, status = excluded.status,' +
      ' protocols = excluded.protocols, pop3_deletion = excluded.pop3_deletion,' +
      ' password_hash = excluded.password_hash, credential_version = excluded.credential_version,' +
      ' app_passwords = excluded.app_passwords, forwarding = excluded.forwarding, last_sign_in = excluded.last_sign_in',
  );
  const removeAccount = db.prepare('DELETE FROM accounts WHERE id = ? RETURNING address');
  const findFloor = db.prepare('SELECT floor FROM uid_validity_floors WHERE address = ?');
  const raiseFloor = db.prepare(
    'INSERT INTO uid_validity_floors (address, floor) VALUES (?, ?)' +
      ' ON CONFLICT (address) DO UPDATE SET floor = max(floor, excluded.floor)',
  );
  const rememberRemoved = db.prepare('INSERT INTO removed_accounts (id, removed_at) VALUES (?, ?)');
  const noteChange = accountChangeWrites(db);
  const addAlias = db.prepare(
    'INSERT INTO aliases (address, domain, tenant, targets, created_at)' +
      ' SELECT ?, name, tenant, ?, ? FROM domains WHERE name = ?',
  );
  const changeAlias = db.prepare('UPDATE aliases SET targets = ? WHERE address = ? RETURNING *');
  const removeAlias = db.prepare('DELETE FROM aliases WHERE address = ?');

  const write = (account: AccountRecord): void => {
    putAccount.run(
      account.id,
      account.address,
      domainOf(account.address),
      account.tenant,
      account.displayName,
      account.status,
      JSON.stringify(account.protocols),
      account.pop3Deletion,
      account.passwordHash ?? null,
      account.credentialVersion,
      JSON.stringify(account.appPasswords),
      account.forwarding ? JSON.stringify(account.forwarding) : null,
      account.lastSignIn ? JSON.stringify(account.lastSignIn) : null,
      account.createdAt,
    );
  };
  const refusal = (address: string): DirectoryError | undefined => {
    const domain = domainOf(address);
    if (!domainIs(domain)) return { kind: 'notFound', name: domain };
    return addressIsTaken(address) ? { kind: 'exists', name: address } : undefined;
  };

  return {
    addTenant({ id, name, createdAt }) {
      if (tenantIs(id)) return err({ kind: 'exists', name: id });
      addTenant.run(id, name, createdAt);
      return done;
    },
    renameTenant({ id, name }) {
      const row = renameTenant.get(name, id);
      return row ? ok(toTenant(row)) : err({ kind: 'notFound', name: id });
    },
    removeTenant(id) {
      if (tenantIsUsed(id)) return err({ kind: 'notEmpty', name: id });
      return removeTenant.run(id).changes === 1 ? done : err({ kind: 'notFound', name: id });
    },
    addDomain({ name, tenant, createdAt }) {
      if (domainIs(name)) return err({ kind: 'exists', name });
      if (!tenantIs(tenant)) return err({ kind: 'notFound', name: tenant });
      addDomain.run(name, tenant, createdAt);
      return done;
    },
    removeDomain(name) {
      if (domainIsUsed(name)) return err({ kind: 'notEmpty', name });
      return removeDomain.run(name).changes === 1 ? done : err({ kind: 'notFound', name });
    },
    addAccount({ account, begunAbove }) {
      const refused = refusal(account.address);
      if (refused) return err(refused);
      const domain = domainOf(account.address);
      if (!domainIsOf(domain, account.tenant)) return err({ kind: 'notFound', name: domain });
      const floor = Number(findFloor.get(account.address)?.floor ?? 0);
      if (floor > begunAbove) return err({ kind: 'exists', name: account.address });
      if (idWasUsed(account.id)) return err({ kind: 'exists', name: account.id });
      write(account);
      return done;
    },
    updateAccount({ id, change }) {
      const row = findAccount.get(id);
      if (!row) return err({ kind: 'notFound', name: id });
      const account = changed(toAccount(row), change);
      write(account);
      if (concernsSessions(change)) noteChange(id);
      return ok(account);
    },
    addAppPassword({ id, added }) {
      const row = findAccount.get(id);
      if (!row) return err({ kind: 'notFound', name: id });
      const account = toAccount(row);
      if (account.appPasswords.length >= maxAppPasswords) return err({ kind: 'full', name: account.address });
      const after = { ...account, appPasswords: [...account.appPasswords, added] };
      write(after);
      return ok(after);
    },
    removeAppPassword({ id, appPassword }) {
      const row = findAccount.get(id);
      if (!row) return err({ kind: 'notFound', name: id });
      const account = toAccount(row);
      const appPasswords = account.appPasswords.filter((one) => one.id !== appPassword);
      if (appPasswords.length === account.appPasswords.length)
        return err({ kind: 'notFound', name: appPassword });
      const after = { ...account, appPasswords };
      write(after);
      noteChange(id);
      return ok(after);
    },
    noteSignIn({ id, protocol, day }) {
      const row = findAccount.get(id);
      const account = row && toAccount(row);
      if (account === undefined || (account.lastSignIn?.[protocol] ?? '') >= day) return;
      write({ ...account, lastSignIn: { ...account.lastSignIn, [protocol]: day } });
    },
    removeAccount({ id, uidValidityFloor, now }) {
      const removed = removeAccount.get(id);
      if (removed === undefined) return err({ kind: 'notFound', name: id });
      raiseFloor.run(removed.address as string, uidValidityFloor);
      rememberRemoved.run(id, now);
      noteChange(id);
      return done;
    },
    addAlias({ address, targets, createdAt }) {
      const refused = refusal(address);
      if (refused) return err(refused);
      addAlias.run(address, JSON.stringify(targets), createdAt, domainOf(address));
      return done;
    },
    changeAlias({ address, targets }) {
      const row = changeAlias.get(JSON.stringify(targets), address);
      return row ? ok(toAlias(row)) : err({ kind: 'notFound', name: address });
    },
    removeAlias: (address) =>
      removeAlias.run(address).changes === 1 ? done : err({ kind: 'notFound', name: address }),
  };
}

const done: Result<void, never> = ok(undefined);

const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1);

/** `passwordHash: undefined` takes the password away; elsewhere undefined means no change. */
function changed(account: AccountRecord, change: AccountChange): AccountRecord {
  const credentials = 'passwordHash' in change;
  const { forwarding: before, ...kept } = account;
  const forwarding = change.forwarding ?? before;
  return {
    ...kept,
    ...(forwarding && forwarding.targets.length > 0 && { forwarding }),
    displayName: change.displayName ?? account.displayName,
    status: change.status ?? account.status,
    protocols: change.protocols ?? account.protocols,
    pop3Deletion: change.pop3Deletion ?? account.pop3Deletion,
    passwordHash: credentials ? change.passwordHash : account.passwordHash,
    credentialVersion: account.credentialVersion + (credentials ? 1 : 0),
  };
}
