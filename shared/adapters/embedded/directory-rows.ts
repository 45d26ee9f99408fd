import type { SQLOutputValue } from 'node:sqlite';
import type { AccountRecord, Alias, Domain, Tenant } from '../../ports/directory.ts';

/** The directory's rows as the port's records, for the reading and the writing side alike. */
type Row = Record<string, SQLOutputValue>;

export const toTenant = (row: Row): Tenant => ({
  id: row.id as string,
  name: row.name as string,
  createdAt: row.created_at as number,
});

export const toDomain = (row: Row): Domain => ({
  name: row.name as Domain['name'],
  tenant: row.tenant as string,
  createdAt: row.created_at as number,
});

export const toAccount = (row: Row): AccountRecord => ({
  id: row.id as AccountRecord['id'],
  address: row.address as AccountRecord['address'],
  tenant: row.tenant as string,
  displayName: row.display_name as string,
  status: row.status as AccountRecord['status'],
  protocols: JSON.parse(row.protocols as string),
  pop3Deletion: row.pop3_deletion as AccountRecord['pop3Deletion'],
  passwordHash: (row.password_hash as string | null) ?? undefined,
  credentialVersion: row.credential_version as number,
  appPasswords: JSON.parse(row.app_passwords as string),
  ...(row.forwarding !== null && { forwarding: JSON.parse(row.forwarding as string) }),
  ...(row.last_sign_in !== null && { lastSignIn: JSON.parse(row.last_sign_in as string) }),
  createdAt: row.created_at as number,
});

export const toAlias = (row: Row): Alias => ({
  address: row.address as Alias['address'],
  targets: JSON.parse(row.targets as string),
  createdAt: row.created_at as number,
});
