import { UidSet } from '../../../shared/engine/uid-set.ts';
import type { ModSeq } from '../../../shared/ids.ts';
import type { Numbers } from '../../../shared/imap/commands.ts';
import { esearchLine } from '../../../shared/imap/responses/search.ts';
import type { SearchReturn } from '../../../shared/imap/search-criteria.ts';
import { rangesOf } from '../../../shared/imap/sequence-set.ts';
import { sendAll } from '../send-rows.ts';
import type { Client, Reply, Selected } from '../session-state.ts';

/** What was found, in the order of the answer. */
export interface Found {
  readonly uids: readonly number[];
  readonly seqs: readonly number[];
  /** Their mod-sequences; empty where MODSEQ was no key. */
  readonly modSeqs: readonly number[];
}

/** What a command wants told of what it found. */
export interface Asked {
  readonly tag: string;
  readonly numbers: Numbers;
  readonly returns: readonly SearchReturn[];
}

/** ESEARCH, RFC 9051 §7.3.4. For SORT, MIN and MAX are the first and the last in its order (RFC 5267 §3.1). */
export async function sendExtended(client: Client, asked: Asked, found: Found): Promise<void> {
  const { tag, numbers, returns } = asked;
  // RFC 5182 §2.1: what is only to be saved is not told.
  if (returns.length === 1 && returns[0] === 'save') return;
  const list = numbers === 'uid' ? found.uids : found.seqs;
  const lines = esearchLine(client.writer, {
    tag,
    numbers,
    min: returns.includes('min') ? list[0] : undefined,
    max: returns.includes('max') ? list.at(-1) : undefined,
    count: returns.includes('count') ? list.length : undefined,
    all: returns.includes('all') ? rangesOf(list) : undefined,
    modSeq: modSeqOf(found, returns),
  });
  await sendAll(client, lines);
}

/** The highest mod-sequence of what is told: of all, or of the first and last where only those are (RFC 4731 §3.2). */
export function modSeqOf({ modSeqs }: Found, returns: readonly SearchReturn[]): ModSeq | undefined {
  if (modSeqs.length === 0) return undefined;
  let highest = 0;
  if (returns.includes('all') || returns.includes('count') || returns.every((r) => r === 'save'))
    for (const modSeq of modSeqs) highest = Math.max(highest, modSeq);
  else {
    if (returns.includes('min')) highest = modSeqs[0]!;
    if (returns.includes('max')) highest = Math.max(highest, modSeqs.at(-1)!);
  }
  return highest as ModSeq;
}

/** `$` from now on: all that was found, or with MIN and MAX alone just those (RFC 5182 §2.4). */
export function save(selected: Selected, returns: readonly SearchReturn[], { uids }: Found): void {
  if (!returns.includes('save')) return;
  const ends = !returns.includes('all') && !returns.includes('count');
  const [min, max] = [returns.includes('min'), returns.includes('max')];
  if (!ends || (!min && !max)) selected.saved = UidSet.ofRanges(rangesOf(uids).map((r) => [r.first, r.last]));
  else {
    const kept = [min ? uids[0] : undefined, max ? uids.at(-1) : undefined];
    selected.saved = UidSet.ofRanges(kept.flatMap((uid) => (uid === undefined ? [] : [[uid, uid] as const])));
  }
}

/** SEARCH, SORT and THREAD that cannot be done. `$` is empty then (RFC 5182 §2.1). */
export function refuse(
  selected: Selected,
  returns: readonly SearchReturn[] | undefined,
  reply: Omit<Reply, 'condition' | 'expunge'>,
  numbers: Numbers,
): Reply {
  if (returns?.includes('save')) selected.saved = UidSet.empty;
  return { condition: 'NO', ...reply, expunge: numbers === 'seq' ? 'withheld' : undefined };
}
