import { numbersLine } from '../../../shared/imap/responses/search.ts';
import { modSeqOf, save, sendExtended } from '../search/answer.ts';
import { done, runSearch } from '../search/run.ts';
import { sendAll } from '../send-rows.ts';
import type { SelectedHandler } from '../session-state.ts';

/** SEARCH and UID SEARCH: RFC 9051 §6.4.4 with RETURN and `$`, RFC 3501 §6.4.4, MODSEQ of RFC 7162 §3.1.5. */
export const search: SelectedHandler<'search'> = async (client, state, command) => {
  const { selected } = state;
  const returns = command.returns ?? ['all' as const];
  const uids: number[] = [];
  const seqs: number[] = [];
  const modSeqs: number[] = [];
  // The first is found: the rest is of no interest to RETURN (MIN).
  const firstOnly =
    returns.includes('min') && returns.every((option) => option === 'min' || option === 'save');
  const found = { uids, seqs, modSeqs };
  const searched = await runSearch(client, state, command, ({ fixed, marks }, row, seq) => {
    uids.push(fixed.uid[row]!);
    seqs.push(seq);
    modSeqs.push(marks.modSeq[row]!);
    return firstOnly;
  });
  if (!searched.ok) return searched.error;
  if (!searched.value.modSeq) modSeqs.length = 0;
  save(selected, returns, found);
  if (command.returns === undefined && !client.enabled.rev2) {
    const numbers = command.numbers === 'uid' ? uids : seqs;
    await sendAll(client, numbersLine(client.writer, 'SEARCH', numbers, modSeqOf(found, returns)));
  } else await sendExtended(client, { ...command, returns }, found);
  return done(command, `${uids.length} found`);
};
