import {
  type AttributeValue,
  BatchWriteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import type { S3Client } from '@aws-sdk/client-s3';
import { isConditionFailure } from '../../shared/adapters/aws/failure.ts';
import { headNumber } from '../../shared/adapters/aws/log-items.ts';
import { itemBytes, readUnits, writeUnits } from './capacity-units.ts';

type Item = Record<string, AttributeValue>;
/** The SDK's send, with whatever else it is given. */
type Send = (command: unknown, ...rest: readonly unknown[]) => Promise<object>;

/** What was asked of the services, and what DynamoDB charges for it. */
export interface Asked {
  /** How many of each kind, by the API's names; `eventual …` are reads that may be of a moment ago, `head …` writes of a log's head, `lease …` of leases. */
  readonly requests: Readonly<Record<string, number>>;
  readonly readUnits: number;
  readonly writeUnits: number;
  /** Writes that a condition did not let, which are charged for like others. */
  readonly refused: number;
  /** Items that batches deleted. */
  readonly deleted: number;
}

/** A table as it lies in memory. */
export interface MeteredTable {
  /** Put before the names of its requests. */
  readonly prefix: string;
  /** The item with a key, or with that of another item. */
  item(key: Item): Item | undefined;
}

/** Where an answer of DynamoDB's ends. Tables in memory do not end there: nobody may need them to. */
const answerBytes = 1 << 20;

/** Stands between adapters and services, and counts. */
export class AwsMeter {
  readonly #requests = new Map<string, number>();
  #readUnits = 0;
  #writeUnits = 0;
  #refused = 0;
  #deleted = 0;

  /** All up to now. */
  get total(): Asked {
    return {
      requests: Object.fromEntries(this.#requests),
      readUnits: this.#readUnits,
      writeUnits: this.#writeUnits,
      refused: this.#refused,
      deleted: this.#deleted,
    };
  }

  /** What is asked while something runs. */
  async asked(run: () => Promise<unknown>): Promise<Asked> {
    const before = this.total;
    await run();
    return difference(this.total, before);
  }

  bucket(client: Pick<S3Client, 'send'>): Pick<S3Client, 'send'> {
    const sendOn = client.send.bind(client) as unknown as Send;
    const send: Send = (command, ...rest) => {
      this.#note(nameOf(command));
      return sendOn(command, ...rest);
    };
    return { send } as unknown as Pick<S3Client, 'send'>;
  }

  table(client: Pick<DynamoDBClient, 'send'>, table: MeteredTable): Pick<DynamoDBClient, 'send'> {
    const sendOn = client.send.bind(client) as unknown as Send;
    const send: Send = (command, ...rest) => {
      const answer = () => sendOn(command, ...rest);
      if (command instanceof QueryCommand || command instanceof GetItemCommand)
        return this.#read(command, table, answer);
      return command instanceof BatchWriteItemCommand
        ? this.#deleteSome(command, table, answer)
        : this.#write(command, table, answer);
    };
    return { send } as unknown as Pick<DynamoDBClient, 'send'>;
  }

  async #read(
    command: QueryCommand | GetItemCommand,
    { prefix }: MeteredTable,
    send: () => Promise<{ Item?: Item; Items?: Item[] }>,
  ): Promise<object> {
    const consistency = command.input.ConsistentRead === true ? 'consistent' : 'eventual';
    this.#note(`${prefix}${consistency === 'eventual' ? 'eventual ' : ''}${nameOf(command)}`);
    const answer = await send();
    const items = [answer.Item ?? [], answer.Items ?? []].flat();
    const bytes = items.reduce((sum, item) => sum + itemBytes(item), 0);
    if (bytes > answerBytes) throw new Error(`${bytes} bytes are more than an answer holds`);
    this.#readUnits += readUnits(bytes, consistency);
    return answer;
  }

  async #write(
    command: unknown,
    { prefix, item }: MeteredTable,
    send: () => Promise<object>,
  ): Promise<object> {
    const { Item: put = {}, Key: key = put } = (command as { readonly input: { Item?: Item; Key?: Item } })
      .input;
    const size = () => itemBytes(item(key) ?? {});
    this.#note(`${prefix}${key.n?.N === String(headNumber) ? 'head ' : ''}${nameOf(command)}`);
    const before = size();
    try {
      return await send();
    } catch (cause) {
      if (isConditionFailure(cause)) this.#refused++;
      throw cause;
    } finally {
      // What stands there now may be another's, who was faster.
      this.#writeUnits += writeUnits(Math.max(before, size(), itemBytes(put)));
    }
  }

  #deleteSome(
    { input }: BatchWriteItemCommand,
    { prefix, item }: MeteredTable,
    send: () => Promise<object>,
  ): Promise<object> {
    this.#note(`${prefix}BatchWriteItem`);
    for (const { DeleteRequest: deletion } of Object.values(input.RequestItems ?? {}).flat()) {
      const found = item(deletion?.Key ?? {});
      this.#writeUnits += writeUnits(itemBytes(found ?? {}));
      if (found !== undefined) this.#deleted++;
    }
    return send();
  }

  #note(request: string): void {
    this.#requests.set(request, (this.#requests.get(request) ?? 0) + 1);
  }
}

const nameOf = (command: unknown): string => (command as object).constructor.name.replace('Command', '');

export function difference(after: Asked, before: Asked): Asked {
  const requests = Object.entries(after.requests).map(
    ([name, count]) => [name, count - (before.requests[name] ?? 0)] as const,
  );
  return {
    requests: Object.fromEntries(requests.filter(([, count]) => count > 0)),
    readUnits: after.readUnits - before.readUnits,
    writeUnits: after.writeUnits - before.writeUnits,
    refused: after.refused - before.refused,
    deleted: after.deleted - before.deleted,
  };
}
