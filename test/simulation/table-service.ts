import {
  type AttributeValue,
  BatchWriteItemCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb';
import { logTable, type TableDefinition } from '../../shared/adapters/aws/tables.ts';
import { conditionHolds } from './conditions.ts';
import type { ItemTable } from './item-table.ts';
import type { Line, Sender } from './network.ts';

type Row = Record<string, AttributeValue>;
type Rows = readonly (readonly [string, Row])[];

/** Sort keys are numbers; padded, they sort as text. */
export const sortOf = (n: number | string): string => String(n).padStart(16, '0');

/** A condition of a put was not met. */
class ConditionalCheckFailed extends Error {
  override readonly name = 'ConditionalCheckFailedException';
  readonly $metadata = { httpStatusCode: 400 };
  readonly Item: Row | undefined;

  constructor(item: Row | undefined) {
    super('The conditional request failed');
    this.Item = item;
  }
}

/** Where an item lies, by its key or by all of it. */
export const placeOf = (row: Row, { partition, sort }: TableDefinition): readonly [string, string] => [
  String(row[partition.name]?.S),
  sortOf(row[sort.name]?.N ?? row[sort.name]?.S ?? ''),
];

/**
 * What the adapters of the log and of leases ask of DynamoDB, over a simulated table, and no stronger: every write is of one item on a condition on
 * that item; a query, of the log alone, is not a snapshot, ends at a page's bound, and may be stale where it does not say otherwise; a batch may be done
 * in part.
 */
export class TableService {
  readonly #table: ItemTable;
  readonly #network: Line;
  readonly #node: Sender;
  readonly #pageItems: number;
  readonly #keys: TableDefinition;

  constructor(
    table: ItemTable,
    network: Line,
    node: Sender,
    pageItems: number,
    keys: TableDefinition = logTable,
  ) {
    this.#table = table;
    this.#network = network;
    this.#node = node;
    this.#pageItems = pageItems;
    this.#keys = keys;
  }

  /** For the adapter. */
  get client(): Pick<DynamoDBClient, 'send'> {
    const send = (command: unknown, options?: { abortSignal?: AbortSignal }) =>
      this.#send(command, options?.abortSignal);
    return { send } as unknown as Pick<DynamoDBClient, 'send'>;
  }

  async #send(command: unknown, signal: AbortSignal | undefined): Promise<unknown> {
    if (command instanceof PutItemCommand) return this.#signed(command, () => this.#put(command, signal));
    if (command instanceof GetItemCommand) {
      const { Key: key = {} } = command.input;
      return this.#request(`get ${key.n?.N}`, () => ({ Item: this.#item(key) }), signal);
    }
    if (command instanceof DeleteItemCommand) return this.#delete(command, signal);
    if (command instanceof BatchWriteItemCommand)
      return this.#request('delete items', () => this.#batch(command), signal);
    if (command instanceof QueryCommand) return this.#query(command.input, signal);
    throw new Error(`the table knows no ${(command as object).constructor.name}`);
  }

  #request<T>(what: string, effect: () => T, signal: AbortSignal | undefined): Promise<T> {
    return this.#network.request(this.#node, what, effect, signal);
  }

  /** What the command itself does before it is signed, after whatever may hold up a process there. */
  async #signed(command: PutItemCommand, send: () => Promise<unknown>): Promise<unknown> {
    await this.#network.hesitation(this.#node);
    const stack = command.middlewareStack.clone();
    const sign = <A, R>(next: (args: A) => Promise<R>) => {
      return (args: A): Promise<R> => {
        const time = new Date(this.#node.now()).toISOString().replace(/[-:]|\.\d+/g, '');
        return next({ ...args, request: { headers: { 'x-amz-date': time } } });
      };
    };
    stack.add(sign, { step: 'finalizeRequest', name: 'httpSigningMiddleware' });
    const run = stack.resolve(async () => ({ response: undefined, output: (await send()) as never }), {});
    return (await run({ input: command.input } as never)).output;
  }

  #item(key: Row): Row | undefined {
    return this.#table.get(...placeOf(key, this.#keys)) as Row | undefined;
  }

  #put({ input }: PutItemCommand, signal: AbortSignal | undefined): Promise<object> {
    const item = input.Item ?? {};
    return this.#request(
      `put ${item.n?.N} of ${item.a?.S?.slice(-4)}`,
      () => {
        const before = this.#item(item);
        if (!conditionHolds(input.ConditionExpression, before, input.ExpressionAttributeValues ?? {}))
          throw new ConditionalCheckFailed(
            input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' ? before : undefined,
          );
        this.#table.put(...placeOf(item, this.#keys), item);
        return {};
      },
      signal,
    );
  }

  #delete({ input }: DeleteItemCommand, signal: AbortSignal | undefined): Promise<object> {
    const { Key: key = {}, ConditionExpression: condition, ExpressionAttributeValues: values = {} } = input;
    return this.#request(
      'delete an item',
      () => {
        if (!conditionHolds(condition, this.#item(key), values)) throw new ConditionalCheckFailed(undefined);
        this.#table.put(...placeOf(key, this.#keys), undefined);
        return {};
      },
      signal,
    );
  }

  /** Items are looked at one after another: what happens meanwhile shows in some and not in others. */
  async #query(input: QueryCommandInput, signal: AbortSignal | undefined): Promise<unknown> {
    const values = input.ExpressionAttributeValues ?? {};
    const account = String(values[':a']?.S);
    const after = values[':n'] === undefined ? '' : sortOf(String(values[':n'].N));
    const { faults, random, scheduler } = this.#network;
    const stale = input.ConsistentRead !== true && faults.happens('staleRead');
    const asOf = stale ? scheduler.now - random.spread(10, 3_000) : undefined;
    const limit = Math.min(this.#pageItems, input.Limit ?? this.#pageItems);
    const forward = input.ScanIndexForward !== false;
    const start = input.ExclusiveStartKey && sortOf(input.ExclusiveStartKey.n?.N ?? '');
    // The first of them, in the order of the query, beyond one that was seen.
    const rows = (seen: string | undefined, most: number): Rows => {
      const all = this.#table.rows(account, asOf) as unknown as Rows;
      const from = placeAfter(all, after);
      if (forward) {
        const at = seen === undefined ? from : Math.max(from, placeAfter(all, seen));
        return all.slice(at, at + most);
      }
      let end = all.length;
      if (seen !== undefined) for (end = placeAfter(all, seen); end > 0 && all[end - 1]![0] >= seen; ) end--;
      return all.slice(Math.max(from, end - most), Math.max(from, end)).reverse();
    };
    return this.#network.inTwoLooks(
      this.#node,
      `query ${account.slice(-4)} ${forward ? `after ${Number(after)}` : 'from the end'}`,
      () => {
        const first = rows(start, limit + 1);
        const cut = random.int(0, first.length);
        return first.slice(0, cut);
      },
      (seen) => {
        const found = [...seen, ...rows(seen.at(-1)?.[0] ?? start, limit + 1)];
        const page = found.slice(0, limit);
        return {
          Items: page.map(([, item]) => item),
          ...(found.length > limit && { LastEvaluatedKey: page.at(-1)?.[1] }),
        };
      },
      signal,
    );
  }

  #batch({ input }: BatchWriteItemCommand): unknown {
    const [[name, requests = []] = ['', []]] = Object.entries(input.RequestItems ?? {});
    const { faults, random } = this.#network;
    const done = faults.happens('partialBatch') ? random.some(requests, 0.5) : requests;
    for (const { DeleteRequest: deletion } of done) {
      this.#table.put(...placeOf(deletion?.Key ?? {}, this.#keys), undefined);
    }
    const left = requests.filter((request) => !done.includes(request));
    return { UnprocessedItems: left.length === 0 ? {} : { [name]: left } };
  }
}

/** How many rows are up to a sort key. */
function placeAfter(rows: Rows, sort: string): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle]![0] > sort) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The head's place among the items of an account. */
export const headSort = sortOf(Number.MAX_SAFE_INTEGER);
