import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { AccountId, LogPosition } from '../../ids.ts';
import type { Calls } from './calls.ts';
import { isConditionFailure } from './failure.ts';
import { closingItem, type Item, isClosing } from './log-items.ts';

interface LogTable {
  readonly client: Pick<DynamoDBClient, 'send'>;
  readonly calls: Calls;
  readonly table: string;
  /** Reads consistently. */
  item(account: AccountId, position: LogPosition): Promise<Item | undefined>;
}

/**
 * Closes a log whose head is at `to`, beyond its last entry, at the first position from `from` on that is free: who read the tail before the head
 * moved must not append below it. What others appended meanwhile stays readable. Throws ServiceFailure where the table cannot be asked.
 */
export async function closeLog(
  { client, calls, table, item }: LogTable,
  account: AccountId,
  from: number,
  to: LogPosition,
): Promise<void> {
  for (let position = from; position <= to; position++) {
    const put = new PutItemCommand({
      TableName: table,
      Item: closingItem(account, position),
      ConditionExpression: 'attribute_not_exists(a)',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    try {
      await calls.repeat(
        'close the log',
        (abortSignal) => client.send(put, { abortSignal }),
        isConditionFailure,
      );
      return;
    } catch (cause) {
      if (!isConditionFailure(cause)) throw cause;
      const occupant = cause.Item ?? (await item(account, position as LogPosition));
      if (occupant !== undefined && isClosing(occupant)) return;
    }
  }
}
