import { DatabaseSync } from 'node:sqlite';
import { primaryCode, sqliteBusy } from './sqlite-codes.ts';

/** `PRAGMA user_version` of the folders that this release writes. */
export const schemaVersion = 7;

/** The folder was written by a newer release; opening it with this one could damage it. */
export class NewerStore extends Error {
  readonly found: number;

  constructor(found: number) {
    super(
      `the data folder has schema version ${found}, this release knows up to ${schemaVersion}: update Restante`,
    );
    this.name = 'NewerStore';
    this.found = found;
  }
}

/** The folder was written by an older release, and it was not asked for to upgrade it: as a backup it may be the way back to that release. */
export class OlderStore extends Error {
  readonly found: number;

  constructor(found: number) {
    super(
      `the data folder has schema version ${found}, of an older release: start the server of this release on it once, which upgrades it, or use that release`,
    );
    this.name = 'OlderStore';
    this.found = found;
  }
}

/**
 * `entries.id` grows with every append of any account and is never given twice: the notifier asks for what is new by it.
 * `blobs.bytes` is null where the object lies in the file named, and where it is empty.
 */
const tables = `
  CREATE TABLE entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    position INTEGER NOT NULL,
    bytes BLOB,
    UNIQUE (account, position)
  ) STRICT;
  CREATE TABLE heads (
    account TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    manifest TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE blobs (
    key TEXT NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    file TEXT,
    bytes BLOB
  ) STRICT;
  CREATE UNIQUE INDEX blobs_in_files ON blobs (file) WHERE file IS NOT NULL;
  CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    expires INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE tenants (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE domains (
    name TEXT PRIMARY KEY,
    tenant TEXT NOT NULL REFERENCES tenants (id),
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    address TEXT NOT NULL UNIQUE,
    domain TEXT NOT NULL REFERENCES domains (name),
    tenant TEXT NOT NULL,
    display_name TEXT NOT NULL,
    status TEXT NOT NULL,
    protocols TEXT NOT NULL,
    pop3_deletion TEXT NOT NULL,
    password_hash TEXT,
    credential_version INTEGER NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX accounts_by_domain ON accounts (domain);
  CREATE TABLE aliases (
    address TEXT PRIMARY KEY,
    domain TEXT NOT NULL REFERENCES domains (name),
    targets TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX aliases_by_domain ON aliases (domain);
  CREATE TABLE removed_accounts (
    id TEXT PRIMARY KEY,
    removed_at INTEGER NOT NULL,
    dropped INTEGER NOT NULL DEFAULT 0
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX removed_accounts_to_drop ON removed_accounts (id) WHERE dropped = 0;
`;

/** Schema version 2. */
const administration = `
  CREATE TABLE admin_records (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    text TEXT NOT NULL,
    expires INTEGER,
    PRIMARY KEY (kind, name)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX admin_records_to_forget ON admin_records (expires) WHERE expires IS NOT NULL;
`;

/** Schema version 3. */
const appPasswords = `ALTER TABLE accounts ADD COLUMN app_passwords TEXT NOT NULL DEFAULT '[]';`;

/** Schema version 4. */
const forwarding = 'ALTER TABLE accounts ADD COLUMN forwarding TEXT;';

/** Schema version 5: kept with an address beyond the account that had it. */
const uidValidityFloors = `
  CREATE TABLE uid_validity_floors (
    address TEXT PRIMARY KEY,
    floor INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`;

/** Schema version 6: JSON, days by protocol. */
const lastSignIn = 'ALTER TABLE accounts ADD COLUMN last_sign_in TEXT;';

/** Schema version 7: lists of one tenant and of one domain. Keys and audit entries say in their texts whose they are. */
const listsWithin = `
  ALTER TABLE aliases ADD COLUMN tenant TEXT NOT NULL DEFAULT '';
  UPDATE aliases SET tenant = (SELECT tenant FROM domains WHERE name = aliases.domain);
  ALTER TABLE admin_records ADD COLUMN tenant TEXT;
  UPDATE admin_records SET tenant = text ->> '$.tenant' WHERE kind IN ('key', 'audit');
  CREATE INDEX domains_of_tenant ON domains (tenant, name);
  CREATE INDEX accounts_of_tenant ON accounts (tenant, address);
  CREATE INDEX accounts_of_domain ON accounts (domain, address);
  CREATE INDEX aliases_of_tenant ON aliases (tenant, address);
  CREATE INDEX aliases_of_domain ON aliases (domain, address);
  CREATE INDEX admin_records_of_tenant ON admin_records (kind, tenant, name) WHERE tenant IS NOT NULL;
  DROP INDEX accounts_by_domain;
  DROP INDEX aliases_by_domain;
`;

/** The one connection that writes: made in the writer's thread. Creates the schema, or upgrades it where that is asked for. */
export function openForWriting(path: string, busyTimeoutMs: number, upgrade = false): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: busyTimeoutMs });
  try {
    refuseOthers(db, upgrade);
    // Heeded only while the file is new. Larger than the default, for rows that hold whole messages.
    db.exec('PRAGMA page_size = 8192');
    useWriteAheadLog(db, busyTimeoutMs);
    // FULL: in WAL mode every commit is followed by a sync. Checkpoints are the writer's business, after its answers;
    // the automatic one is a backstop.
    db.exec('PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 8000;');
    db.exec('PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -65536;');
    createTables(db, upgrade);
  } catch (cause) {
    db.close();
    throw cause;
  }
  return db;
}

/** For reading on the caller's thread: in WAL mode a reader never waits for a writer. */
export function openForReading(path: string, busyTimeoutMs: number): DatabaseSync {
  const db = new DatabaseSync(path, { readOnly: true, timeout: busyTimeoutMs });
  db.exec('PRAGMA cache_size = -65536');
  return db;
}

function userVersion(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.user_version);
}

function refuseOthers(db: DatabaseSync, upgrade: boolean): void {
  const found = userVersion(db);
  if (found > schemaVersion) throw new NewerStore(found);
  if (found > 0 && found < schemaVersion && !upgrade) throw new OlderStore(found);
}

/** Two processes may open a new folder at once, and the switch to WAL does not always heed the busy timeout. */
function useWriteAheadLog(db: DatabaseSync, busyTimeoutMs: number): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (const deadline = Date.now() + busyTimeoutMs; ; Atomics.wait(pause, 0, 0, 10)) {
    try {
      if (db.prepare('PRAGMA journal_mode = WAL').get()?.journal_mode === 'wal') return;
    } catch (cause) {
      if (primaryCode(cause) !== sqliteBusy || Date.now() > deadline) throw cause;
      continue;
    }
    throw new Error('the file system of the data folder does not support write-ahead logging');
  }
}

/** Gives a new database this release's tables, and an older one where that is asked for. Throws NewerStore or OlderStore. */
export function createTables(db: DatabaseSync, upgrade = false): void {
  // Nothing is written where there is nothing to do: commands that only read work on a full disk too.
  if (userVersion(db) === schemaVersion) return;
  db.exec('BEGIN IMMEDIATE');
  refuseOthers(db, upgrade);
  if (userVersion(db) < 1) db.exec(tables);
  if (userVersion(db) < 2) db.exec(administration);
  if (userVersion(db) < 3) db.exec(appPasswords);
  if (userVersion(db) < 4) db.exec(forwarding);
  if (userVersion(db) < 5) db.exec(uidValidityFloors);
  if (userVersion(db) < 6) db.exec(lastSignIn);
  if (userVersion(db) < 7) db.exec(listsWithin);
  db.exec(`PRAGMA user_version = ${schemaVersion}; COMMIT`);
}
