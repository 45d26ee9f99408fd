import { randomUUID } from 'node:crypto';
import {
  BatchGetItemCommand,
  type CancellationReason,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  type PutItemCommandInput,
  QueryCommand,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { type Page, pageItems } from '../../ports/directory.ts';
import type { Calls } from './calls.ts';
import { type Item, type Key, type ListName, sortOf } from './directory-items.ts';
import { isConditionFailure, isNamed, ServiceFailure } from './failure.ts';
import { Turns } from './turns.ts';

const readAtOnce = 100;
const partialAnswers = 12;
/** Transactions that touch one item hinder each other: few are sent at a time, and a bounded number waits. */
const writesAtOnce = 8;
const writesWaiting = 5_000;

/** Why an item of a transaction was refused, and what stood in its way; undefined for those that were not. */
export type Refusals = readonly ({ readonly item: Item | undefined } | undefined)[];

export interface TransactionPart {
  readonly put?: {
    readonly item: Item;
    /** Must not be there yet, or have expired by the time given. */
    readonly fresh: boolean | { readonly expiredBy: number };
  };
  readonly update?: Omit<UpdateItemCommandInput, 'TableName' | 'Key'> & {
    readonly key: Key;
    readonly UpdateExpression: string;
  };
  readonly remove?: { readonly key: Key } & Omit<UpdateItemCommandInput, 'TableName' | 'Key'>;
  /** Must be so; nothing is written. */
  readonly check?: { readonly key: Key; readonly ConditionExpression: string } & Pick<
    UpdateItemCommandInput,
    'ExpressionAttributeValues'
  >;
}

/** The requests that the directory makes of its table. */
export class DirectoryTable {
  readonly #client: Pick<DynamoDBClient, 'send'>;
  readonly #table: string;
  readonly #calls: Calls;
  readonly #turns = new Turns(writesAtOnce, writesWaiting);

  constructor(client: Pick<DynamoDBClient, 'send'>, table: string, calls: Calls) {
    this.#client = client;
    this.#table = table;
    this.#calls = calls;
  }

  async get(key: Key): Promise<Item | undefined> {
    const command = new GetItemCommand({ TableName: this.#table, Key: key, ConsistentRead: true });
    const answer = await this.#calls.repeat('read the directory', (abortSignal) =>
      this.#client.send(command, { abortSignal }),
    );
    return answer.Item;
  }

  /** The item after the change; undefined where the condition does not hold. */
  async update(input: Omit<UpdateItemCommandInput, 'TableName'>): Promise<Item | undefined> {
    const command = new UpdateItemCommand({ TableName: this.#table, ReturnValues: 'ALL_NEW', ...input });
    try {
      const answer = await this.#calls.repeat(
        'change the directory',
        (abortSignal) => this.#client.send(command, { abortSignal }),
        isConditionFailure,
      );
      return answer.Attributes;
    } catch (cause) {
      if (isConditionFailure(cause)) return undefined;
      throw cause;
    }
  }

  /** Where the condition does not hold, what stood in the way; the same item, where an answer was lost before. */
  async put(item: Item, condition: Partial<PutItemCommandInput> = {}): Promise<Item | undefined> {
    const command = new PutItemCommand({
      TableName: this.#table,
      Item: item,
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      ...condition,
    });
    try {
      await this.#calls.repeat(
        'change the directory',
        (abortSignal) => this.#client.send(command, { abortSignal }),
        isConditionFailure,
      );
      return undefined;
    } catch (cause) {
      if (isConditionFailure(cause)) return cause.Item ?? {};
      throw cause;
    }
  }

  /** What was there. */
  async remove(key: Key): Promise<Item | undefined> {
    const command = new DeleteItemCommand({ TableName: this.#table, Key: key, ReturnValues: 'ALL_OLD' });
    const answer = await this.#calls.repeat('change the directory', (abortSignal) =>
      this.#client.send(command, { abortSignal }),
    );
    return answer.Attributes;
  }

  /** All or nothing. Undefined when it is written; else what was refused, by the parts' order. */
  async transact(parts: readonly TransactionPart[]): Promise<Refusals | undefined> {
    // The token makes a repetition after a lost answer the same transaction.
    const command = new TransactWriteItemsCommand({
      TransactItems: parts.map((part) => this.#transactItem(part)),
      ClientRequestToken: randomUUID(),
    });
    return await this.#turns.take(() =>
      this.#calls.repeat('change the directory', async (abortSignal) => {
        try {
          await this.#client.send(command, { abortSignal });
          return undefined;
        } catch (cause) {
          return refusals(cause);
        }
      }),
    );
  }

  #transactItem({ put, update, remove, check }: TransactionPart): TransactWriteItem {
    const TableName = this.#table;
    const ReturnValuesOnConditionCheckFailure = 'ALL_OLD' as const;
    if (put) {
      const { item: Item, fresh } = put;
      const absent = fresh === false ? {} : { ConditionExpression: 'attribute_not_exists(k)' };
      const condition = typeof fresh === 'boolean' ? absent : absentOrExpired(fresh.expiredBy);
      return { Put: { TableName, Item, ...condition, ReturnValuesOnConditionCheckFailure } };
    }
    if (update) {
      const { key, ...rest } = update;
      return { Update: { TableName, Key: key, ReturnValuesOnConditionCheckFailure, ...rest } };
    }
    if (remove) {
      const { key, ...rest } = remove;
      return { Delete: { TableName, Key: key, ReturnValuesOnConditionCheckFailure, ...rest } };
    }
    const { key, ...rest } = check!;
    return { ConditionCheck: { TableName, Key: key, ReturnValuesOnConditionCheckFailure, ...rest } };
  }

  /** A page of a list: its items, in order of their names. */
  async list(list: ListName, after = '', limit = pageItems): Promise<Page<Item>> {
    const items: Item[] = [];
    let from: Item | undefined;
    do {
      const command = new QueryCommand({
        TableName: this.#table,
        KeyConditionExpression: after === '' ? 'k = :k' : 'k = :k AND s > :s',
        ExpressionAttributeValues: { ':k': { S: list }, ...(after !== '' && { ':s': { S: after } }) },
        Limit: limit + 1 - items.length,
        ConsistentRead: true,
        ...(from && { ExclusiveStartKey: from }),
      });
      const answer = await this.#calls.repeat('list the directory', (abortSignal) =>
        this.#client.send(command, { abortSignal }),
      );
      items.push(...(answer.Items ?? []));
      from = answer.LastEvaluatedKey;
    } while (from !== undefined && items.length <= limit);
    const page = items.slice(0, limit);
    return { items: page, next: items.length > limit ? sortOf(page.at(-1)!) : undefined };
  }

  /** What comes after a name in a list, at most a megabyte of it, by an eventually consistent read. */
  async since(
    list: ListName,
    after: string,
  ): Promise<{ readonly items: readonly Item[]; readonly more: boolean }> {
    const command = new QueryCommand({
      TableName: this.#table,
      KeyConditionExpression: 'k = :k AND s > :s',
      ExpressionAttributeValues: { ':k': { S: list }, ':s': { S: after } },
    });
    const answer = await this.#calls.repeat('list the directory', (abortSignal) =>
      this.#client.send(command, { abortSignal }),
    );
    return { items: answer.Items ?? [], more: answer.LastEvaluatedKey !== undefined };
  }

  /** The items of these keys, in their order; those that are gone are left out. */
  async getMany(keys: readonly Key[]): Promise<Item[]> {
    const slices: Promise<Item[]>[] = [];
    for (let at = 0; at < keys.length; at += readAtOnce)
      slices.push(this.#getSlice(keys.slice(at, at + readAtOnce)));
    const found = new Map((await Promise.all(slices)).flat().map((item) => [item.k?.S, item]));
    return keys.map(({ k }) => found.get(k.S)).filter((item) => item !== undefined);
  }

  async #getSlice(keys: readonly Key[]): Promise<Item[]> {
    const items: Item[] = [];
    let left: Record<string, { S: string }>[] = keys.map(({ k, s }) => ({ k, s }));
    for (let attempt = 1; left.length > 0; attempt++) {
      const command = new BatchGetItemCommand({
        RequestItems: { [this.#table]: { Keys: left, ConsistentRead: true } },
      });
      const answer = await this.#calls.repeat('read the directory', (abortSignal) =>
        this.#client.send(command, { abortSignal }),
      );
      items.push(...(answer.Responses?.[this.#table] ?? []));
      left = (answer.UnprocessedKeys?.[this.#table]?.Keys ?? []) as typeof left;
      if (left.length === 0) break;
      if (attempt >= partialAnswers)
        throw new ServiceFailure(
          'throttled',
          'read the directory',
          new Error(`${left.length} were left over`),
        );
      await this.#calls.pause(attempt);
    }
    return items;
  }
}

/** What has expired may still be there: the service deletes it within days. */
export const absentOrExpired = (now: number) => ({
  ConditionExpression: 'attribute_not_exists(k) OR expires <= :now',
  ExpressionAttributeValues: { ':now': { N: String(now) } },
});

/** A cancelled transaction says why for each part: conditions are answers; what hindered it goes by. */
function refusals(cause: unknown): Refusals {
  if (!isNamed(cause, 'TransactionCanceledException')) throw cause;
  const reasons = (cause as { CancellationReasons?: CancellationReason[] }).CancellationReasons ?? [];
  const refused = reasons.map(({ Code, Item: item }) =>
    Code === 'ConditionalCheckFailed' ? { item } : undefined,
  );
  if (refused.some((one) => one !== undefined)) return refused;
  const hindered = reasons.some(({ Code }) => passing.has(String(Code)));
  throw hindered ? new ServiceFailure('throttled', 'change the directory', cause) : cause;
}

const passing = new Set(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded']);
