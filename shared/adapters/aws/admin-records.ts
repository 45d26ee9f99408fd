import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { AdminRecord, AdminRecords, RecordKind } from '../../ports/admin-records.ts';
import { type Page, pageItems } from '../../ports/directory.ts';
import { Calls, directoryLimits } from './calls.ts';
import { type Item, listKey, listWithin, sortOf } from './directory-items.ts';
import { absentOrExpired, DirectoryTable } from './directory-table.ts';

export interface AwsAdminRecordsOptions {
  /** Must not repeat requests by itself (`maxAttempts: 1`). */
  readonly client: Pick<DynamoDBClient, 'send'>;
  /** The directory's. */
  readonly table: string;
  readonly calls?: Calls;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/**
 * Administration's records in the directory's table, a partition for each kind. The service deletes what is expired within days;
 * until then it is passed over here. Throws ServiceFailure where the table cannot be asked.
 */
export class AwsAdminRecords implements AdminRecords {
  readonly #table: DirectoryTable;
  readonly #now: () => number;

  constructor({ client, table, calls = new Calls(directoryLimits), now = Date.now }: AwsAdminRecordsOptions) {
    this.#table = new DirectoryTable(client, table, calls);
    this.#now = now;
  }

  async addRecord(record: AdminRecord): Promise<boolean> {
    const now = this.#now();
    const [item, ...copies] = itemsOf(record);
    const other =
      copies.length === 0
        ? await this.#table.put(item!, absentOrExpired(now))
        : await this.#addWithCopies(item!, copies, now);
    // Its own text there means that it was written, and the answer lost.
    return other === undefined || other.text?.S === record.text;
  }

  async putRecord(record: AdminRecord): Promise<void> {
    const items = itemsOf(record);
    if (items.length === 1) await this.#table.put(items[0]!);
    else await this.#table.transact(items.map((item) => ({ put: { item, fresh: false } })));
  }

  async #addWithCopies(item: Item, copies: readonly Item[], now: number): Promise<Item | undefined> {
    const refused = await this.#table.transact([
      { put: { item, fresh: { expiredBy: now } } },
      ...copies.map((copy) => ({ put: { item: copy, fresh: false } })),
    ]);
    return refused && (refused[0]?.item ?? {});
  }

  async record(kind: RecordKind, name: string): Promise<AdminRecord | undefined> {
    return this.#read(kind, await this.#table.get(listKey(`record#${kind}`, name)));
  }

  async records(
    kind: RecordKind,
    limit: number,
    after?: string,
    tenant?: string,
  ): Promise<Page<AdminRecord>> {
    const list = listWithin(`record#${kind}`, tenant === undefined ? undefined : { tenant });
    const items: AdminRecord[] = [];
    let from = after;
    do {
      const page = await this.#table.list(list, from, Math.min(limit + 1 - items.length, pageItems));
      for (const item of page.items) {
        const record = this.#read(kind, item);
        if (record !== undefined) items.push(record);
      }
      from = page.next;
    } while (from !== undefined && items.length <= limit);
    const next = items.length > limit ? items[limit - 1]!.name : undefined;
    return { items: items.slice(0, limit), next };
  }

  async removeRecord(kind: RecordKind, name: string): Promise<boolean> {
    const key = listKey(`record#${kind}`, name);
    const item = await this.#table.get(key);
    const record = this.#read(kind, item);
    if (record === undefined) return false;
    if (record.tenant === undefined) return (await this.#table.remove(key)) !== undefined;
    const copy = listKey(listWithin(`record#${kind}`, { tenant: record.tenant }), name);
    const refused = await this.#table.transact([
      { remove: { key, ConditionExpression: 'attribute_exists(k)' } },
      { remove: { key: copy } },
    ]);
    return refused === undefined;
  }

  #read(kind: RecordKind, item: Item | undefined): AdminRecord | undefined {
    if (item === undefined) return undefined;
    const expires = item.expires?.N === undefined ? undefined : Number(item.expires.N);
    if (expires !== undefined && expires <= this.#now()) return undefined;
    const tenant = item.tenant?.S;
    return { kind, name: sortOf(item), text: item.text?.S ?? '', expires, ...(tenant && { tenant }) };
  }
}

/** The record, and its copy on the tenant's list. `ttl` is in seconds and for the service; `expires` in milliseconds and for us. */
function itemsOf({ kind, name, text, expires, tenant }: AdminRecord): Item[] {
  const rest: Item = {
    text: { S: text },
    ...(tenant !== undefined && { tenant: { S: tenant } }),
    ...(expires !== undefined && {
      expires: { N: String(expires) },
      ttl: { N: String(Math.ceil(expires / 1000)) },
    }),
  };
  const places = tenant === undefined ? [undefined] : [undefined, { tenant }];
  return places.map((within) => ({ ...listKey(listWithin(`record#${kind}`, within), name), ...rest }));
}
