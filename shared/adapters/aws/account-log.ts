import { type DynamoDBClient, PutItemCommand, type PutItemCommandInput } from '@aws-sdk/client-dynamodb';
import type { AccountId, LogPosition } from '../../ids.ts';
import {
  type AccountLog,
  type AppendOutcome,
  type AppendRequest,
  type HeadMove,
  type LogEnd,
  type LogTail,
  StaleTail,
} from '../../ports/account-log.ts';
import { Calls, tableLimits } from './calls.ts';
import { closeLog } from './close-log.ts';
import { failureKind, isConditionFailure } from './failure.ts';
import {
  bytesOf,
  entryItem,
  everything,
  headItem,
  headNumber,
  headOf,
  itemsAfter,
  keyOf,
  numberOf,
  sorted,
} from './log-items.ts';
import { LogTable } from './log-table.ts';
import { readTail } from './log-tail.ts';
import { signedInTime, tailLifetimeMs } from './signed-in-time.ts';
import { UsedPositions } from './used-positions.ts';

export interface AwsAccountLogOptions {
  /** Must not repeat requests by itself (`maxAttempts: 1`). */
  readonly client: Pick<DynamoDBClient, 'send'>;
  /** Its key schema is in tables.ts. */
  readonly table: string;
  readonly calls?: Calls;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/**
 * The log in a DynamoDB table of its own; log-items.ts describes its keys. Blobs are durable when their put answers, so an
 * append need not look at those it names. Throws ServiceFailure where the table cannot be asked.
 */
export class AwsAccountLog implements AccountLog {
  readonly #table: LogTable;
  readonly #now: () => number;
  readonly #used = new UsedPositions();

  constructor({ client, table, calls = new Calls(tableLimits), now = Date.now }: AwsAccountLogOptions) {
    this.#table = new LogTable(client, table, calls);
    this.#now = now;
  }

  async read(account: AccountId, after: LogPosition): Promise<LogTail> {
    const tail = await readTail(this.#table, account, after);
    this.#used.note(account, Math.max(tail.entries.at(-1)?.position ?? 0, tail.head?.position ?? 0));
    return tail;
  }

  async readEnd(account: AccountId): Promise<LogEnd> {
    const end = await this.#end(account);
    this.#used.note(account, Math.max(end.last?.position ?? 0, end.head?.position ?? 0));
    return end;
  }

  async append({ account, position, bytes, readAt }: AppendRequest): Promise<AppendOutcome> {
    if (!Number.isSafeInteger(position) || position < 1 || position >= headNumber)
      throw new RangeError(`no log position: ${position}`);
    const refuseStale = (): void => {
      if (this.#now() - readAt > tailLifetimeMs)
        throw new StaleTail(`the tail of ${account} was read too long ago`);
    };
    refuseStale();
    let last = this.#used.get(account);
    if (last === undefined || position > last + 1) last = await this.#lastUsed(account);
    if (position > last + 1)
      throw new Error(`append to ${account} at ${position}, where the last position used is ${last}`);
    if (position <= last) return { kind: 'taken', occupant: await this.#table.entry(account, position) };

    try {
      await this.#table.calls.unlessDoubtful(
        'append to the log',
        (abortSignal) => {
          refuseStale();
          const command = new PutItemCommand({
            TableName: this.#table.name,
            Item: entryItem(account, position, bytes),
            ConditionExpression: 'attribute_not_exists(a)',
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          });
          signedInTime(
            command,
            readAt,
            () => new StaleTail(`the tail of ${account} was read long before its append was signed`),
          );
          return this.#table.client.send(command, { abortSignal });
        },
        isAnswerToAppend,
      );
    } catch (cause) {
      if (isConditionFailure(cause)) {
        this.#used.note(account, position);
        const { Item: item } = cause;
        const occupant = item ? bytesOf(item) : await this.#table.entry(account, position);
        // Closed: everything up to the head is used.
        if (occupant === undefined) await this.#lastUsed(account);
        return { kind: 'taken', occupant };
      }
      if (failureKind(cause) !== 'doubtful' || cause instanceof StaleTail) throw cause;
      return { kind: 'unknown', cause };
    }
    this.#used.note(account, position);
    return { kind: 'done' };
  }

  async moveHead(account: AccountId, { last, ...head }: HeadMove): Promise<boolean> {
    if ((this.#used.get(account) ?? 0) < head.position && (await this.#lastUsed(account)) < head.position) {
      if (last === undefined)
        throw new RangeError(`nothing leads to a head of ${account} at ${head.position}`);
      if (!(await this.#closeAfter(account, last))) return false;
    }
    const put: PutItemCommandInput = {
      TableName: this.#table.name,
      Item: headItem(account, head),
      ConditionExpression: 'attribute_not_exists(a) OR p < :p',
      ExpressionAttributeValues: { ':p': { N: String(head.position) } },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    };
    try {
      await this.#table.calls.repeat(
        'move the head',
        (abortSignal) => this.#table.client.send(new PutItemCommand(put), { abortSignal }),
        isConditionFailure,
      );
    } catch (cause) {
      if (!isConditionFailure(cause)) throw cause;
      // An attempt of this call whose answer was lost: nobody else has a manifest of this name.
      const now = cause.Item ? headOf(cause.Item) : await this.#table.head(account);
      if (now?.manifest !== head.manifest || now.position !== head.position) return false;
    }
    this.#used.note(account, head.position);
    return true;
  }

  /** Sees to it that no entry comes to stand after `last`; false where that is not the last position used. */
  async #closeAfter(account: AccountId, last: LogPosition): Promise<boolean> {
    const end = await this.#end(account);
    if (Math.max(end.last?.position ?? 0, end.head?.position ?? 0) !== last) return false;
    return closeLog(this.#table, account, (last + 1) as LogPosition);
  }

  async trim(account: AccountId, upTo: LogPosition): Promise<void> {
    const { head, last } = await this.#end(account);
    const through = Math.min(upTo, head?.position ?? 0, (last?.position ?? 0) - 1);
    if (through < 1) return;
    const first = await this.#table.query('find the oldest entry', { ...everything(account), Limit: 1 });
    const from = first.Items?.[0] ? numberOf(first.Items[0]) : headNumber;
    // By number, oldest first: reading entries in order to delete them would cost more than the few that are gone already.
    for (let at = from; at <= through; at += trimmedAtOnce) {
      const count = Math.min(trimmedAtOnce, through - at + 1);
      await this.#table.delete(Array.from({ length: count }, (_, i) => keyOf(account, at + i)));
    }
  }

  async drop(account: AccountId): Promise<void> {
    for (let more = true; more; ) {
      const page = await this.#table.query('read a dropped log', {
        ...everything(account),
        ProjectionExpression: 'a, n',
        ConsistentRead: true,
      });
      await this.#table.delete(page.Items ?? []);
      more = page.LastEvaluatedKey !== undefined;
    }
    this.#used.forget(account);
  }

  /** A position after `after` that is in use, by a cheap read that may be a second late; undefined where none is seen. */
  async grownBeyond(account: AccountId, after: LogPosition): Promise<LogPosition | undefined> {
    const page = await this.#table.query('look for new entries', {
      ...itemsAfter(account, after),
      ScanIndexForward: false,
      Limit: 2,
    });
    const { head, entries, closedAt = 1 } = sorted(page.Items ?? []);
    const last = Math.max(head?.position ?? 0, entries[0]?.position ?? closedAt - 1);
    return last > after ? (last as LogPosition) : undefined;
  }

  async #lastUsed(account: AccountId): Promise<LogPosition> {
    const { head, last } = await this.#end(account);
    return this.#used.note(account, Math.max(last?.position ?? 0, head?.position ?? 0));
  }

  /** From the end: the head sorts last. One that is read before the entry is older than that, if anything. */
  async #end(account: AccountId): Promise<LogEnd> {
    const page = await this.#table.query('read the end of the log', {
      ...everything(account),
      ScanIndexForward: false,
      Limit: 2,
      ConsistentRead: true,
    });
    const { head, entries, closedAt = 0 } = sorted(page.Items ?? []);
    if (entries.length > 0 || closedAt <= (head?.position ?? 0)) return { head, last: entries[0] };
    // The head has not moved beyond it yet.
    const position = (closedAt - 1) as LogPosition;
    const bytes = await this.#table.entry(account, position);
    return { head, last: bytes && { position, bytes } };
  }
}

const trimmedAtOnce = 1_000;

const isAnswerToAppend = (cause: unknown): boolean => isConditionFailure(cause) || cause instanceof StaleTail;
