import { threadLine } from '../../../shared/imap/responses/search.ts';
import { fieldValue } from '../../../shared/message/header.ts';
import type { MessageRecord } from '../../../shared/message/structure.ts';
import { type ThreadInput, threadBySubject, threadInput } from '../../../shared/message/thread.ts';
import { threadByReferences } from '../../../shared/message/thread-references.ts';
import { RecordMemo } from '../record-memo.ts';
import { eachRecord } from '../search/each-record.ts';
import { done, type Match, runSearch } from '../search/run.ts';
import { sendAll } from '../send-rows.ts';
import type { Client, In, SelectedHandler } from '../session-state.ts';

/** THREAD and UID THREAD, RFC 5256: REFERENCES and ORDEREDSUBJECT. */
export const thread: SelectedHandler<'thread'> = async (client, state, command) => {
  const matches: Match[] = [];
  let inputs: readonly ThreadInput[] = [];
  const idOf = ({ chunk: { fixed }, row, seq }: Match): number =>
    command.numbers === 'uid' ? fixed.uid[row]! : seq;
  const searched = await runSearch(
    client,
    state,
    command,
    (chunk, row, seq) => void matches.push({ chunk, row, seq }),
    async () => {
      inputs = await inputsOf(client, state, matches, idOf);
    },
  );
  if (!searched.ok) return searched.error;
  const threads = command.algorithm === 'references' ? threadByReferences(inputs) : threadBySubject(inputs);
  await sendAll(client, threadLine(client.writer, threads));
  return done(command, `${inputs.length} in ${threads.length} threads`);
};

/** What threading knows of each message; those that are gone are left out. */
async function inputsOf(
  client: Client,
  { selected }: In<'selected'>,
  matches: readonly Match[],
  idOf: (match: Match) => number,
): Promise<readonly ThreadInput[]> {
  const memo = new RecordMemo<ThreadInput>(client.memos, selected.messages, 'thread');
  const made = matches.map(({ chunk, row }) => memo.get(chunk.fixed.message[row]!));
  const missing = matches.flatMap((match, at) => (made[at] === undefined ? [{ ...match, at }] : []));
  try {
    await eachRecord(selected.messages, missing, ({ chunk, row, at }, record) => {
      const input = inputOf(record);
      made[at] = input;
      memo.put(chunk.fixed.message[row]!, input, weightOf(input));
    });
  } finally {
    memo.keep();
  }
  const inputs: ThreadInput[] = [];
  for (const [i, match] of matches.entries()) {
    const input = made[i];
    if (input === undefined) continue;
    // Without a date of its own, a message has that of its arrival.
    const arrival = match.chunk.fixed.internalDate[match.row]! * 1000;
    inputs.push({ ...input, id: idOf(match), time: Number.isNaN(input.time) ? arrival : input.time });
  }
  return inputs;
}

const inputOf = ({ header, envelope }: MessageRecord): ThreadInput =>
  threadInput(0, { envelope, internalDate: Number.NaN }, fieldValue(header, 'references'));

const weightOf = ({ subject, references }: ThreadInput): number =>
  references.reduce((sum, id) => sum + id.length * 2 + 32, 200 + subject.length * 2);
