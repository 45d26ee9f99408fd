import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { AccountId, LogPosition } from '../../ids.ts';
import type { Calls } from './calls.ts';
import { isConditionFailure } from './failure.ts';
import { closingItem, type Item, isClosing } from './log-items.ts';

interface LogTable {
  readonly client: Pick<DynamoDBClient, 'send'>;
  readonly calls: Calls;
  readonly table: string;
}

/**
 * Closes a log at the position after its last entry, before its head goes beyond: who has read the tail may still append to it. False where an
 * entry stands there. `item` reads one, consistently. Throws ServiceFailure where the table cannot be asked.
 */
export async function closeLog(
  { client, calls, table }: LogTable,
  account: AccountId,
  position: LogPosition,
  item: (position: LogPosition) => Promise<Item | undefined>,
): Promise<boolean> {
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
    return true;
  } catch (cause) {
    if (!isConditionFailure(cause)) throw cause;
    // Closed by this call, whose answer was lost, or by one that died before it moved the head.
    const occupant = cause.Item ?? (await item(position));
    return occupant !== undefined && isClosing(occupant);
  }
}
