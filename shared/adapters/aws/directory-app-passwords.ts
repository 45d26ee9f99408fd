import type { AccountId } from '../../ids.ts';
import {
  type AccountRecord,
  type Address,
  type AppPassword,
  type DirectoryError,
  maxAppPasswords,
} from '../../ports/directory.ts';
import { err, ok, type Result } from '../../result.ts';
import {
  accountKey,
  addressKey,
  addressOf,
  appPasswordValue,
  type Item,
  toAccount,
} from './directory-items.ts';
import type { DirectoryTable, TransactionPart } from './directory-table.ts';

type Outcome = Promise<Result<AccountRecord, DirectoryError>>;

const ofAccount = (address: Address, id: AccountId) => ({
  Key: addressKey(address),
  ConditionExpression: 'id = :id',
  ExpressionAttributeValues: { ':id': { S: id } },
});

/** Adds an entry to the account's map of app passwords, which is made with the account, or here for one that is older. */
export async function addAppPassword(table: DirectoryTable, id: AccountId, added: AppPassword): Outcome {
  const address = addressOf(await table.get(accountKey(id)));
  if (address === undefined) return err({ kind: 'notFound', name: id });
  const add = () =>
    table.update({
      Key: addressKey(address),
      UpdateExpression: 'SET appPasswords.#one = :added',
      ConditionExpression: 'id = :id AND (size(appPasswords) < :most OR attribute_exists(appPasswords.#one))',
      ExpressionAttributeNames: { '#one': added.id },
      ExpressionAttributeValues: {
        ':id': { S: id },
        ':most': { N: String(maxAppPasswords) },
        ':added': appPasswordValue(added),
      },
    });
  let item = await add();
  if (item === undefined) {
    const { ExpressionAttributeValues, ...condition } = ofAccount(address, id);
    const now = await table.update({
      ...condition,
      UpdateExpression: 'SET appPasswords = if_not_exists(appPasswords, :none)',
      ExpressionAttributeValues: { ...ExpressionAttributeValues, ':none': { M: {} } },
    });
    if (now === undefined) return err({ kind: 'notFound', name: id });
    item = await add();
  }
  const account = item && toAccount(item);
  return account ? ok(account) : err({ kind: 'full', name: address });
}

type Update = NonNullable<TransactionPart['update']>;

/** Removes one entry of the map. `noting` makes the change, and undefined of one whose condition does not hold. */
export async function removeAppPassword(
  table: DirectoryTable,
  id: AccountId,
  appPassword: string,
  noting: (update: Update) => Promise<Item | undefined>,
): Outcome {
  const address = addressOf(await table.get(accountKey(id)));
  if (address === undefined) return err({ kind: 'notFound', name: id });
  const { ConditionExpression, ExpressionAttributeValues, Key: key } = ofAccount(address, id);
  const item = await noting({
    key,
    ExpressionAttributeValues,
    UpdateExpression: 'REMOVE appPasswords.#one',
    ConditionExpression: `${ConditionExpression} AND attribute_exists(appPasswords.#one)`,
    ExpressionAttributeNames: { '#one': appPassword },
  });
  const account = item && toAccount(item);
  return account ? ok(account) : err({ kind: 'notFound', name: appPassword });
}
