import type { MessageReader } from '../../../shared/engine/message-reader.ts';
import type { MessageRecord } from '../../../shared/message/structure.ts';
import { Turn } from '../../../shared/net/turn.ts';
import { loadRecords } from '../fetch/messages.ts';
import { readAhead } from '../read-ahead.ts';
import type { Match } from './run.ts';

/** Messages whose records are read together. */
const batchSize = 1000;

/** Shows the records of a mailbox's messages, in their order, batch by batch; those of messages that are gone are left out. */
export async function eachRecord<M extends Match>(
  messages: MessageReader,
  matches: readonly M[],
  use: (match: M, record: MessageRecord) => void,
): Promise<void> {
  function* batches() {
    for (let at = 0; at < matches.length; at += batchSize) yield matches.slice(at, at + batchSize);
  }
  const load = (batch: readonly M[]) => loadRecords(messages, batch, { records: true, emailIds: false });
  const turn = new Turn();
  for await (const [batch, loaded] of readAhead(batches(), load, { count: 2, weight: 0 }))
    for (const [i, { record }] of loaded.entries()) {
      if (record !== undefined) use(batch[i]!, record);
      if (turn.isOver) await turn.pass();
    }
}
