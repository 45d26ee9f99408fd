import { numbersLine } from '../../../shared/imap/responses/search.ts';
import { modSeqOf, save, sendExtended } from '../search/answer.ts';
import { done, type Match, runSearch } from '../search/run.ts';
import { sortMatches } from '../search/sort-matches.ts';
import { sendAll } from '../send-rows.ts';
import type { SelectedHandler } from '../session-state.ts';

/** SORT and UID SORT: RFC 5256, with RETURN (RFC 5267 §3) and the display names of RFC 5957. */
export const sort: SelectedHandler<'sort'> = async (client, state, command) => {
  const matches: Match[] = [];
  let sorted: readonly Match[] = [];
  const searched = await runSearch(
    client,
    state,
    command,
    (chunk, row, seq) => void matches.push({ chunk, row, seq }),
    async () => {
      sorted = await sortMatches(state.selected.messages, matches, command.order, client.memos);
    },
  );
  if (!searched.ok) return searched.error;
  const found = {
    uids: sorted.map(({ chunk, row }) => chunk.fixed.uid[row]!),
    seqs: sorted.map(({ seq }) => seq),
    modSeqs: searched.value.modSeq ? sorted.map(({ chunk, row }) => chunk.marks.modSeq[row]!) : [],
  };
  const returns = command.returns ?? ['all' as const];
  save(state.selected, returns, found);
  if (command.returns === undefined) {
    const numbers = command.numbers === 'uid' ? found.uids : found.seqs;
    await sendAll(client, numbersLine(client.writer, 'SORT', numbers, modSeqOf(found, returns)));
  } else await sendExtended(client, { ...command, returns }, found);
  return done(command, `${sorted.length} sorted`);
};
