import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Makes a data folder that nobody has open look as schema version 3 left it, from before forwarding and floors of UIDVALIDITY. */
export function makeOlder(folder: string): void {
  const db = new DatabaseSync(join(folder, 'restante.db'));
  db.exec(`
    DROP INDEX domains_of_tenant; DROP INDEX accounts_of_tenant; DROP INDEX accounts_of_domain;
    DROP INDEX aliases_of_tenant; DROP INDEX aliases_of_domain; DROP INDEX admin_records_of_tenant;
    ALTER TABLE aliases DROP COLUMN tenant;
    ALTER TABLE admin_records DROP COLUMN tenant;
    CREATE INDEX accounts_by_domain ON accounts (domain);
    CREATE INDEX aliases_by_domain ON aliases (domain);
    ALTER TABLE accounts DROP COLUMN last_sign_in;
    DROP TABLE uid_validity_floors;
    ALTER TABLE accounts DROP COLUMN forwarding;
    PRAGMA user_version = 3`);
  db.close();
}
