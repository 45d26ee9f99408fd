import { type ThreadNode, threadLine } from '../../../shared/imap/responses/search.ts';
import { fieldValue } from '../../../shared/message/header.ts';
import {
  type Thread,
  type ThreadInput,
  threadBySubject,
  threadInput,
} from '../../../shared/message/thread.ts';
import { threadByReferences } from '../../../shared/message/thread-references.ts';
import { RecordMemo } from '../record-memo.ts';
import { eachOfRecord } from '../search/each-record.ts';
import { done, type Match, runSearch } from '../search/run.ts';
import { sendAll } from '../send-rows.ts';
import type { SelectedHandler } from '../session-state.ts';

/** THREAD and UID THREAD, RFC 5256: REFERENCES and ORDEREDSUBJECT. */
export const thread: SelectedHandler<'thread'> = async (client, state, command) => {
  const matches: Match[] = [];
  const inputs: ThreadInput[] = [];
  const searched = await runSearch(
    client,
    state,
    command,
    (chunk, row, seq) => void matches.push({ chunk, row, seq }),
    () =>
      eachOfRecord(
        state.account,
        matches,
        new RecordMemo<ThreadInput>(client.memos, state.account, 'thread'),
        ({ header, envelope }) =>
          threadInput(0, { envelope, internalDate: Number.NaN }, fieldValue(header, 'references')),
        ({ subject, references }) =>
          references.reduce((sum, id) => sum + id.length * 2 + 32, 200 + subject.length * 2),
        ({ chunk: { fixed }, row, seq }, made) => {
          const id = command.numbers === 'uid' ? fixed.uid[row]! : seq;
          // Without a date of its own, a message has that of its arrival.
          const time = Number.isNaN(made.time) ? fixed.internalDate[row]! * 1000 : made.time;
          inputs.push({ ...made, id, time });
        },
      ),
  );
  if (!searched.ok) return searched.error;
  const threads = command.algorithm === 'references' ? threadByReferences(inputs) : threadBySubject(inputs);
  await sendAll(client, threadLine(client.writer, numbered(threads)));
  return done(command, `${inputs.length} in ${threads.length} threads`);
};

/** The threads with their ids as the numbers of the answer. Not recursive: threads nest as deep as their senders like. */
function numbered(threads: readonly Thread[]): ThreadNode[] {
  const order = [...threads];
  for (let i = 0; i < order.length; i++) for (const child of order[i]!.children) order.push(child);
  const nodes = new Map<Thread, ThreadNode>();
  for (const one of order.reverse())
    nodes.set(one, { number: one.id, children: one.children.map((child) => nodes.get(child)!) });
  return threads.map((one) => nodes.get(one)!);
}
