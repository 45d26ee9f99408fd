import type { Account } from '../../../shared/engine/account.ts';
import type { MessageRecord } from '../../../shared/message/structure.ts';
import { loadRecords } from '../fetch/messages.ts';
import { readAhead } from '../read-ahead.ts';
import type { RecordMemo } from '../record-memo.ts';
import { Turn } from '../turn.ts';
import type { Match } from './run.ts';

/** Messages whose records are read together. */
const batchSize = 1000;

/**
 * Shows what is made of the records of messages, in their order, batch by batch; those that are gone are left out. Records are read
 * only where nothing was made of them before.
 */
export async function eachOfRecord<T>(
  account: Account,
  matches: readonly Match[],
  memo: RecordMemo<T>,
  make: (record: MessageRecord) => T,
  weigh: (made: T) => number,
  use: (match: Match, made: T) => void,
): Promise<void> {
  function* batches() {
    for (let at = 0; at < matches.length; at += batchSize) yield matches.slice(at, at + batchSize);
  }
  const numberOf = ({ chunk, row }: Match): number => chunk.fixed.message[row]!;
  const load = (batch: readonly Match[]) =>
    loadRecords(
      account,
      batch.filter((match) => memo.get(numberOf(match)) === undefined),
      { records: true, emailIds: false },
    );
  const turn = new Turn();
  for await (const [batch, loaded] of readAhead(batches(), load, { count: 2, weight: 0 })) {
    const records = new Map(loaded.map(({ chunk, row, record }) => [chunk.fixed.message[row]!, record]));
    for (const match of batch) {
      const no = numberOf(match);
      const record = records.get(no);
      let made = memo.get(no);
      if (made === undefined && record !== undefined) {
        made = make(record);
        memo.put(no, made, weigh(made));
      }
      if (made !== undefined) use(match, made);
      if (turn.isOver) await turn.pass();
    }
  }
  memo.keep();
}
