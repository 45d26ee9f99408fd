import {
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  type QueryCommandInput,
  type QueryCommandOutput,
} from '@aws-sdk/client-dynamodb';
import type { AccountId } from '../../ids.ts';
import type { Head } from '../../ports/account-log.ts';
import { batchDelete } from './batch-delete.ts';
import type { Calls } from './calls.ts';
import { bytesOf, headNumber, headOf, type Item, keyOf } from './log-items.ts';

/** The log's table as it is asked: a request each, repeated where that does no harm. */
export class LogTable {
  readonly client: Pick<DynamoDBClient, 'send'>;
  readonly name: string;
  readonly calls: Calls;

  constructor(client: Pick<DynamoDBClient, 'send'>, name: string, calls: Calls) {
    this.client = client;
    this.name = name;
    this.calls = calls;
  }

  async get(account: AccountId, number: number): Promise<Item | undefined> {
    const command = new GetItemCommand({
      TableName: this.name,
      Key: keyOf(account, number),
      ConsistentRead: true,
    });
    const answer = await this.calls.repeat('read an entry', (abortSignal) =>
      this.client.send(command, { abortSignal }),
    );
    return answer.Item;
  }

  async entry(account: AccountId, position: number): Promise<Uint8Array | undefined> {
    return bytesOf(await this.get(account, position));
  }

  async head(account: AccountId): Promise<Head | undefined> {
    const item = await this.get(account, headNumber);
    return item && headOf(item);
  }

  query(what: string, input: Omit<QueryCommandInput, 'TableName'>): Promise<QueryCommandOutput> {
    const command = new QueryCommand({ TableName: this.name, ...input });
    return this.calls.repeat(what, (abortSignal) => this.client.send(command, { abortSignal }));
  }

  delete(keys: readonly Item[]): Promise<void> {
    return batchDelete(this.client, this.calls, this.name, keys);
  }
}
