import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { AdminRecord, AdminRecords, RecordKind } from '../../ports/admin-records.ts';
import type { Page } from '../../ports/directory.ts';
import type { Writer } from './writer.ts';

/** Administration's records in SQLite: looked up here, changed in the writer's thread. */
export class EmbeddedAdminRecords implements AdminRecords {
  readonly #writer: Writer;
  readonly #now: () => number;
  readonly #one: StatementSync;
  readonly #page: StatementSync;
  readonly #pageOfTenant: StatementSync;

  constructor(reader: DatabaseSync, writer: Writer, now: () => number) {
    this.#writer = writer;
    this.#now = now;
    const valid = '(expires IS NULL OR expires > ?)';
    this.#one = reader.prepare(`SELECT * FROM admin_records WHERE kind = ? AND name = ? AND ${valid}`);
    const pages = (condition: string) =>
      reader.prepare(
        `SELECT * FROM admin_records WHERE kind = ? AND ${condition} name > ? AND ${valid} ORDER BY name LIMIT ?`,
      );
    this.#page = pages('');
    this.#pageOfTenant = pages('tenant = ? AND');
  }

  addRecord(record: AdminRecord): Promise<boolean> {
    return this.#writer.send('addRecord', { record, now: this.#now() }, record.text.length);
  }

  putRecord(record: AdminRecord): Promise<void> {
    return this.#writer.send('putRecord', { record, now: this.#now() }, record.text.length);
  }

  async record(kind: RecordKind, name: string): Promise<AdminRecord | undefined> {
    const row = this.#one.get(kind, name, this.#now());
    return row && toRecord(row);
  }

  async records(kind: RecordKind, limit: number, after = '', tenant?: string): Promise<Page<AdminRecord>> {
    // One more than is wanted tells whether there is a next page.
    const rows =
      tenant === undefined
        ? this.#page.all(kind, after, this.#now(), limit + 1)
        : this.#pageOfTenant.all(kind, tenant, after, this.#now(), limit + 1);
    const items = rows.slice(0, limit).map(toRecord);
    return { items, next: rows.length > limit ? items.at(-1)!.name : undefined };
  }

  removeRecord(kind: RecordKind, name: string): Promise<boolean> {
    return this.#writer.send('removeRecord', { kind, name, now: this.#now() });
  }
}

const toRecord = ({ kind, name, text, expires, tenant }: Record<string, SQLOutputValue>): AdminRecord => ({
  kind: kind as RecordKind,
  name: String(name),
  text: String(text),
  expires: expires === null ? undefined : Number(expires),
  ...(tenant !== null && { tenant: String(tenant) }),
});
