import type { Chunk } from '../../../shared/engine/rows.ts';
import { err, ok, type Result } from '../../../shared/result.ts';
import { RecordMemo } from '../record-memo.ts';
import type { Client, CommandOf, In, Reply } from '../session-state.ts';
import { turnOnCondStore } from '../updates.ts';
import { refuse } from './answer.ts';
import { compileCriteria } from './criteria.ts';
import { findMessages, type OnMatch } from './find.ts';

type Searching = CommandOf<'search' | 'sort' | 'thread'>;

/** A message that was found. */
export interface Match {
  readonly chunk: Chunk;
  readonly row: number;
  readonly seq: number;
}

/** What a search turned out to be about. */
export interface Searched {
  /** MODSEQ was a key: the answer has the highest one (RFC 7162 §3.1.5). */
  readonly modSeq: boolean;
}

/** Runs the search of SEARCH, SORT or THREAD, with the work that follows it; an error is the tagged answer. */
export async function runSearch(
  client: Client,
  { account, selected }: In<'selected'>,
  command: Searching,
  onMatch: OnMatch,
  then: (searched: Searched) => Promise<void> = () => Promise.resolve(),
): Promise<Result<Searched, Reply>> {
  const returns = 'returns' in command ? command.returns : undefined;
  const refused = (code: Reply['code'], text: string) =>
    err(refuse(selected, returns, { code, text }, command.numbers));
  if (command.charset.kind === 'unsupported')
    return refused({ code: 'BADCHARSET', charsets: ['US-ASCII', 'UTF-8'] }, 'Please send UTF-8');
  const now = Math.floor(Date.now() / 1000);
  const criteria = compileCriteria(
    command.criteria,
    selected,
    account.state.flags,
    now,
    (name) => new RecordMemo(client.memos, selected.messages, name),
  );
  if (criteria.modSeq) turnOnCondStore(client, selected);
  try {
    await findMessages(selected, criteria, onMatch);
    await then(criteria);
    return ok(criteria);
  } catch (cause) {
    client.log.error({ event: 'account.unavailable' }, cause);
    return refused({ code: 'UNAVAILABLE' }, 'Please try again later');
  } finally {
    for (const memo of criteria.memos) memo.keep();
  }
}

/** The tagged answer of what was done. */
export const done = ({ numbers }: Searching, text: string): Reply => ({
  condition: 'OK',
  text,
  expunge: numbers === 'seq' ? 'withheld' : undefined,
});
