import type { Account } from '../../../shared/engine/account.ts';
import type { FetchItem } from '../../../shared/imap/fetch-items.ts';
import type { ResponseText } from '../../../shared/imap/writer.ts';
import { type MemoCache, RecordMemo } from '../record-memo.ts';
import { isAnswerable } from './plan.ts';

/** What a FETCH says of messages from their records alone, encoded: ENVELOPE, BODYSTRUCTURE and header fields. */
export type Answers = RecordMemo<Uint8Array>;

/** Undefined where none of the items comes from the record alone. */
export function answersFor(
  cache: MemoCache,
  account: Pick<Account, 'id' | 'state'>,
  items: readonly FetchItem[],
  text: ResponseText,
): Answers | undefined {
  const answerable = items.filter(isAnswerable);
  if (answerable.length === 0) return undefined;
  return new RecordMemo(cache, account, `${text} ${JSON.stringify(answerable)}`);
}
