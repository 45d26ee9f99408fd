import type { MessageReader } from '../../../shared/engine/message-reader.ts';
import { AccountRebuilt, ObjectGone } from '../../../shared/engine/object-gone.ts';
import type { Span } from '../../../shared/engine/view.ts';
import type { EmailId } from '../../../shared/ids.ts';
import type { MessageRecord } from '../../../shared/message/structure.ts';
import { readAhead } from '../read-ahead.ts';
import type { Answers } from './answers.ts';
import { readStored, type Stored } from './stored.ts';

/** A message to be answered, with what was read for it. */
export interface Loaded {
  readonly chunk: Span['chunk'];
  readonly row: number;
  readonly seq: number;
  readonly record: MessageRecord | undefined;
  readonly emailId: EmailId | undefined;
  /** What its record says, ready to be sent: as the store keeps it, or encoded before; the record is not read then. */
  readonly stored: Stored | undefined;
  readonly answer: Uint8Array | undefined;
  /** It was wanted, and is not there any more. */
  readonly gone: boolean;
}

/** Which of a message's parts that lie outside the mailbox's columns are needed. */
export interface Wanted {
  readonly records: boolean;
  readonly emailIds: boolean;
}

/** Messages whose records are read together: neighbours lie in a few objects, and each object is a request. */
const batchSize = 1000;

/** The messages of some spans in order, records and ids read in batches, the next one while this one is answered. */
export async function* loadMessages(
  messages: MessageReader,
  spans: Iterable<Span>,
  wanted: Wanted,
  answers?: Answers,
): AsyncGenerator<readonly Loaded[]> {
  const load = (places: readonly Place[]): Promise<readonly Loaded[]> =>
    loadRecords(messages, places, wanted, answers);
  for await (const [, batch] of readAhead(batches(spans), load, { count: 2, weight: 0 })) yield batch;
}

type Place = Pick<Loaded, 'chunk' | 'row' | 'seq'>;

function* batches(spans: Iterable<Span>): Generator<readonly Place[]> {
  let batch: Place[] = [];
  for (const { chunk, from, to, firstSeq } of spans) {
    for (let row = from; row < to; row++) {
      if (batch.push({ chunk, row, seq: firstSeq + row - from }) < batchSize) continue;
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

/** The messages of some spans in order, as their columns have them. */
export function* unread(spans: Iterable<Span>): Generator<Loaded> {
  for (const { chunk, from, to, firstSeq } of spans)
    for (let row = from; row < to; row++) yield { chunk, row, seq: firstSeq + row - from, ...nothingRead };
}

const nothingRead = {
  record: undefined,
  emailId: undefined,
  stored: undefined,
  answer: undefined,
  gone: false,
} as const;

/** What is wanted of some messages, in one read where that can be; `gone` where a message is not there any more. */
export async function loadRecords(
  messages: MessageReader,
  places: readonly Place[],
  { records, emailIds }: Wanted,
  answers?: Answers,
): Promise<readonly Loaded[]> {
  const numbers = places.map(({ chunk, row }) => chunk.fixed.message[row]!);
  const stored = answers?.forms && (await readStored(messages, answers.forms, numbers));
  const memo = answers?.memo;
  const answered = memo && numbers.map((no, i) => (stored?.[i] === undefined ? memo.get(no) : undefined));
  const isAnswered = (i: number): boolean => stored?.[i] !== undefined || answered?.[i] !== undefined;
  const unanswered = numbers.filter((_, i) => !isAnswered(i));
  const [known, ids] = await Promise.all([
    records && unanswered.length > 0 ? orOneByOne(unanswered, (some) => messages.records(some)) : undefined,
    emailIds ? orOneByOne(numbers, (some) => messages.emailIds(some)) : undefined,
  ]);
  let next = 0;
  return places.map(({ chunk, row, seq }, i) => {
    const record = isAnswered(i) ? undefined : known?.[next++];
    const emailId = ids?.[i];
    const gone = (records && !isAnswered(i) && record === undefined) || (emailIds && emailId === undefined);
    return { chunk, row, seq, record, emailId, stored: stored?.[i], answer: answered?.[i], gone };
  });
}

/** One message that is gone must not take the others with it. */
async function orOneByOne<T>(
  numbers: readonly number[],
  read: (numbers: readonly number[]) => Promise<readonly T[]>,
): Promise<readonly (T | undefined)[]> {
  try {
    return await read(numbers);
  } catch (cause) {
    if (!(cause instanceof ObjectGone)) throw cause;
    if (numbers.length === 1 || cause instanceof AccountRebuilt) return numbers.map(() => undefined);
  }
  const found: (T | undefined)[] = [];
  for (const number of numbers) found.push(...(await orOneByOne([number], read)));
  return found;
}
