import type { MessageReader } from '../../../shared/engine/message-reader.ts';
import type { FetchItem } from '../../../shared/imap/fetch-items.ts';
import type { ResponseText } from '../../../shared/imap/writer.ts';
import { type MemoCache, RecordMemo } from '../record-memo.ts';
import { isAnswerable } from './plan.ts';
import { type StoredForm, storedForms } from './stored.ts';

/** What a FETCH says of messages from their records alone: ENVELOPE, BODYSTRUCTURE and header fields. */
export interface Answers {
  /** How it is said of messages of which the store keeps it ready; undefined where it keeps not all of it. */
  readonly forms: readonly StoredForm[] | undefined;
  /** Of the others, as it was encoded. */
  readonly memo: RecordMemo<Uint8Array>;
}

/** Undefined where none of the items comes from the record alone. */
export function answersFor(
  cache: MemoCache,
  messages: Pick<MessageReader, 'name'>,
  items: readonly FetchItem[],
  text: ResponseText,
): Answers | undefined {
  const answerable = items.filter(isAnswerable);
  if (answerable.length === 0) return undefined;
  const memo = new RecordMemo<Uint8Array>(cache, messages, `${text} ${JSON.stringify(answerable)}`);
  return { forms: storedForms(answerable), memo };
}
