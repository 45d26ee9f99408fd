/**
 * The log's table. One item an entry, and one for the head:
 *
 *     a (S, partition)  n (N, sort)            other attributes
 *     account id        position 1, 2, 3 …     b: the entry's bytes; none where the log was closed before a head that is beyond it
 *     account id        9007199254740991       p: position, m: manifest
 *
 * The head sorts after every entry an account can have. Whoever reads the tail, forwards from a position or backwards
 * from the end, meets it in the same query: forwards it is evaluated last, so it is never older than the entries
 * before it. Names of attributes are short because they are paid for with every item.
 */
import type { AttributeValue, QueryCommandInput } from '@aws-sdk/client-dynamodb';
import type { AccountId, BlobKey, LogPosition } from '../../ids.ts';
import type { Head, StoredEntry } from '../../ports/account-log.ts';

export type Item = Record<string, AttributeValue>;

export const partitionName = 'a';
export const sortName = 'n';

/** The sort key of the head, and a bound that no position reaches. */
export const headNumber = Number.MAX_SAFE_INTEGER;

export const keyOf = (account: AccountId, number: number): Item => ({
  a: { S: account },
  n: { N: String(number) },
});

export const entryItem = (account: AccountId, position: LogPosition, bytes: Uint8Array): Item => ({
  ...keyOf(account, position),
  b: { B: bytes },
});

/** Stands at the first free position where the head has gone beyond: who did not see that cannot append there. */
export const closingItem = (account: AccountId, position: number): Item => keyOf(account, position);

export const isClosing = (item: Item): boolean => item.b === undefined;

export const headItem = (account: AccountId, { position, manifest }: Head): Item => ({
  ...keyOf(account, headNumber),
  p: { N: String(position) },
  m: { S: manifest },
});

export const numberOf = (item: Item): number => Number(item.n?.N);

/** Undefined of what is no entry. */
export const bytesOf = (item: Item | undefined): Uint8Array | undefined =>
  item === undefined || isClosing(item) ? undefined : (item.b?.B ?? new Uint8Array());

export const headOf = (item: Item): Head => ({
  position: Number(item.p?.N) as LogPosition,
  manifest: String(item.m?.S) as BlobKey,
});

interface Page {
  head: Head | undefined;
  readonly entries: StoredEntry[];
  /** Where the log was closed: the last entry before that stands right before it. */
  closedAt: LogPosition | undefined;
}

/** What a page of a query holds, in the order in which it came. */
export function sorted(items: readonly Item[]): Page {
  const page: Page = { head: undefined, entries: [], closedAt: undefined };
  for (const item of items) {
    const number = numberOf(item);
    if (number === headNumber) {
      page.head = headOf(item);
      continue;
    }
    const position = number as LogPosition;
    const bytes = bytesOf(item);
    if (bytes === undefined) page.closedAt = position;
    else page.entries.push({ position, bytes });
  }
  return page;
}

type Condition = Pick<QueryCommandInput, 'KeyConditionExpression' | 'ExpressionAttributeValues'>;

/** All items of an account, head included. */
export const everything = (account: AccountId): Condition => ({
  KeyConditionExpression: 'a = :a',
  ExpressionAttributeValues: { ':a': { S: account } },
});

/** The entries after a position, and the head. */
export const itemsAfter = (account: AccountId, position: number): Condition => ({
  KeyConditionExpression: 'a = :a AND n > :n',
  ExpressionAttributeValues: { ':a': { S: account }, ':n': { N: String(position) } },
});
