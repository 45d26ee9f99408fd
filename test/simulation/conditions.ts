import type { AttributeValue } from '@aws-sdk/client-dynamodb';

type Row = Readonly<Record<string, AttributeValue>>;

/** Whether an item, or none, meets a condition of DynamoDB's: terms with AND and OR, without parentheses, which is all that the adapters use. */
export function conditionHolds(condition: string | undefined, item: Row | undefined, values: Row): boolean {
  if (condition === undefined) return true;
  return condition
    .split(' OR ')
    .some((alternative) => alternative.split(' AND ').every((term) => termHolds(term, item, values)));
}

/** What is compared with an attribute that is not there is not met. */
function termHolds(term: string, item: Row | undefined, values: Row): boolean {
  const [, absent] = /^attribute_not_exists\((\w+)\)$/.exec(term) ?? [];
  if (absent !== undefined) return item?.[absent] === undefined;
  const [, name = '', operator, value = ''] = /^(\w+) (=|<|<=) (:\w+)$/.exec(term) ?? [];
  const [is, than] = [item?.[name], values[value]];
  switch (operator) {
    case '=':
      return is?.S !== undefined && is.S === than?.S;
    case '<':
      return Number(is?.N) < Number(than?.N);
    case '<=':
      return Number(is?.N) <= Number(than?.N);
    default:
      throw new Error(`the table knows no condition like ${term}`);
  }
}
