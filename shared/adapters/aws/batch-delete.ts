import { BatchWriteItemCommand, type DynamoDBClient, type WriteRequest } from '@aws-sdk/client-dynamodb';
import type { Calls } from './calls.ts';
import { ServiceFailure } from './failure.ts';
import type { Item } from './log-items.ts';

const batchItems = 25;
/** Answers in a row that leave something undone. */
const partialAnswers = 12;

/** Deletes items by their keys, 25 a request; unknown ones are no error. What the service leaves over is sent again, later. */
export async function batchDelete(
  client: Pick<DynamoDBClient, 'send'>,
  calls: Calls,
  table: string,
  keys: readonly Item[],
): Promise<void> {
  for (let at = 0; at < keys.length; at += batchItems) {
    let left: WriteRequest[] = keys
      .slice(at, at + batchItems)
      .map((key) => ({ DeleteRequest: { Key: key } }));
    for (let attempt = 1; left.length > 0; attempt++) {
      const command = new BatchWriteItemCommand({ RequestItems: { [table]: left } });
      const answer = await calls.repeat('delete items', (abortSignal) =>
        client.send(command, { abortSignal }),
      );
      left = answer.UnprocessedItems?.[table] ?? [];
      if (left.length === 0) break;
      if (attempt >= partialAnswers)
        throw new ServiceFailure('throttled', 'delete items', new Error(`${left.length} were left over`));
      await calls.pause(attempt);
    }
  }
}
