import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { AccountId, LogPosition } from '../../ids.ts';
import { isConditionFailure } from './failure.ts';
import { closingItem, isClosing } from './log-items.ts';
import type { LogTable } from './log-table.ts';

/**
 * Closes a log at the position after its last entry, before its head goes beyond: who has read the tail may still append to it. False where an
 * entry stands there. Throws ServiceFailure where the table cannot be asked.
 */
export async function closeLog(table: LogTable, account: AccountId, position: LogPosition): Promise<boolean> {
  const put = new PutItemCommand({
    TableName: table.name,
    Item: closingItem(account, position),
    ConditionExpression: 'attribute_not_exists(a)',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  try {
    await table.calls.repeat(
      'close the log',
      (abortSignal) => table.client.send(put, { abortSignal }),
      isConditionFailure,
    );
    return true;
  } catch (cause) {
    if (!isConditionFailure(cause)) throw cause;
    // Closed by this call, whose answer was lost, or by one that died before it moved the head.
    const occupant = cause.Item ?? (await table.get(account, position));
    return occupant !== undefined && isClosing(occupant);
  }
}
