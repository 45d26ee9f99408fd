import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { AdminRecord, AdminRecords, RecordKind } from '../../ports/admin-records.ts';
import type { Page } from '../../ports/directory.ts';
import { Calls, directoryLimits } from './calls.ts';
import { type Item, listKey, sortOf } from './directory-items.ts';
import { DirectoryTable } from './directory-table.ts';

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
    const other = await this.#table.put(itemOf(record), {
      ConditionExpression: 'attribute_not_exists(k) OR expires <= :now',
      ExpressionAttributeValues: { ':now': { N: String(this.#now()) } },
    });
    // Its own text there means that it was written, and the answer lost.
    return other === undefined || other.text?.S === record.text;
  }

  async putRecord(record: AdminRecord): Promise<void> {
    await this.#table.put(itemOf(record));
  }

  async record(kind: RecordKind, name: string): Promise<AdminRecord | undefined> {
    return this.#read(kind, await this.#table.get(listKey(`record#${kind}`, name)));
  }

  async records(kind: RecordKind, limit: number, after?: string): Promise<Page<AdminRecord>> {
    const items: AdminRecord[] = [];
    let from = after;
    do {
      const page = await this.#table.list(`record#${kind}`, from);
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
    return this.#read(kind, await this.#table.remove(listKey(`record#${kind}`, name))) !== undefined;
  }

  #read(kind: RecordKind, item: Item | undefined): AdminRecord | undefined {
    if (item === undefined) return undefined;
    const expires = item.expires?.N === undefined ? undefined : Number(item.expires.N);
    if (expires !== undefined && expires <= this.#now()) return undefined;
    return { kind, name: sortOf(item), text: item.text?.S ?? '', expires };
  }
}

/** `ttl` is in seconds and for the service; `expires` in milliseconds and for us. */
const itemOf = ({ kind, name, text, expires }: AdminRecord): Item => ({
  ...listKey(`record#${kind}`, name),
  text: { S: text },
  ...(expires !== undefined && {
    expires: { N: String(expires) },
    ttl: { N: String(Math.ceil(expires / 1000)) },
  }),
});
