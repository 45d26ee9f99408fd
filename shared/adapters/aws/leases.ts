import {
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { Lease, Leases } from '../../ports/leases.ts';
import { Calls, tableLimits } from './calls.ts';
import { leaseKey } from './directory-items.ts';
import { isConditionFailure } from './failure.ts';

/** The service deletes what expired this long ago: items of leases nobody asks for any more, seconds. */
const keptAfterExpiry = 3600;

export interface AwsLeasesOptions {
  /** Must not repeat requests by itself (`maxAttempts: 1`). */
  readonly client: Pick<DynamoDBClient, 'send'>;
  /** The directory's. */
  readonly table: string;
  readonly calls?: Calls;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/**
 * Leases as items `lease#NAME` with holder (h), expiry in milliseconds (e), and the table's time to live. Expiry is compared
 * with the clock of whoever asks, which the service keeps within minutes of its own by refusing requests that are signed
 * otherwise: two may believe to hold one, as the port allows.
 */
export class AwsLeases implements Leases {
  readonly #client: Pick<DynamoDBClient, 'send'>;
  readonly #table: string;
  readonly #calls: Calls;
  readonly #now: () => number;

  constructor({ client, table, calls = new Calls(tableLimits), now = Date.now }: AwsLeasesOptions) {
    this.#client = client;
    this.#table = table;
    this.#calls = calls;
    this.#now = now;
  }

  async acquire(name: string, holder: string, ttlMs: number): Promise<Lease | undefined> {
    const now = this.#now();
    const command = new PutItemCommand({
      TableName: this.#table,
      Item: { ...leaseKey(name), h: { S: holder }, ...expiry(now + ttlMs) },
      ConditionExpression: 'attribute_not_exists(k) OR h = :h OR e <= :now',
      ExpressionAttributeValues: { ':h': { S: holder }, ':now': { N: String(now) } },
    });
    const held = await this.#unlessRefused('acquire a lease', (abortSignal) =>
      this.#client.send(command, { abortSignal }),
    );
    return held ? { name, holder } : undefined;
  }

  async renew({ name, holder }: Lease, ttlMs: number): Promise<boolean> {
    const now = this.#now();
    const { e, ttl } = expiry(now + ttlMs);
    const command = new UpdateItemCommand({
      TableName: this.#table,
      Key: leaseKey(name),
      UpdateExpression: 'SET e = :e, #ttl = :ttl',
      ConditionExpression: 'h = :h AND e > :now',
      ExpressionAttributeNames: { '#ttl': 'ttl' },
      ExpressionAttributeValues: { ':h': { S: holder }, ':now': { N: String(now) }, ':e': e, ':ttl': ttl },
    });
    return await this.#unlessRefused('renew a lease', (abortSignal) =>
      this.#client.send(command, { abortSignal }),
    );
  }

  async release({ name, holder }: Lease): Promise<void> {
    const command = new DeleteItemCommand({
      TableName: this.#table,
      Key: leaseKey(name),
      ConditionExpression: 'h = :h',
      ExpressionAttributeValues: { ':h': { S: holder } },
    });
    await this.#unlessRefused('release a lease', (abortSignal) =>
      this.#client.send(command, { abortSignal }),
    );
  }

  /** False where the condition does not hold. */
  async #unlessRefused(what: string, send: (signal: AbortSignal) => Promise<unknown>): Promise<boolean> {
    try {
      await this.#calls.repeat(what, send, isConditionFailure);
      return true;
    } catch (cause) {
      if (isConditionFailure(cause)) return false;
      throw cause;
    }
  }
}

const expiry = (at: number) => ({
  e: { N: String(at) },
  ttl: { N: String(Math.ceil(at / 1000) + keptAfterExpiry) },
});
