import type { BlobStore } from '../ports/blob-store.ts';
import type { RowsAtHand } from './clusters.ts';
import { forgettable } from './departure-list.ts';
import type { FlagTable } from './flag-table.ts';
import { encodeHistorySection } from './history-section.ts';
import {
  countFrom,
  type Departure,
  type History,
  type Mailbox,
  type MailboxRows,
  noHistory,
  noRows,
} from './mailbox.ts';
import { loadHistory, loadSections } from './mailbox-loader.ts';
import { worked } from './pace.ts';
import { type ChangedMarks, combine, noMarks, type RowDelta } from './row-delta.ts';
import { chunkFrom } from './row-edits.ts';
import { encodeRowSection } from './row-section.ts';
import { type Chunk, countIn, firstUid, lastUid, lowerBound } from './rows.ts';
import { rewrittenSections, type SectionWriter } from './section-store.ts';
import { SharedVector } from './shared-vector.ts';
import type { StoredHistory } from './stored-rows.ts';
import { UidSet } from './uid-set.ts';

/** What a compaction works with. */
export interface StoreParts {
  readonly blobs: BlobStore;
  readonly flags: FlagTable;
  readonly writer: SectionWriter;
  /** Mod-sequence of the snapshot before; 0 for none. */
  readonly since: number;
  /** Of the state that is stored, seconds since 1970. */
  readonly now: number;
  /** Is shown the rows of a mailbox that has changed, those that are at hand. */
  readonly look:
    | ((mailbox: Mailbox, rows: readonly Chunk[], atHand: RowsAtHand) => Promise<void>)
    | undefined;
}

/** A mailbox as the next manifest names it: its rows and history in sections, of which only what is young is written anew. */
export async function storeMailbox(
  mailbox: Mailbox,
  base: Mailbox | undefined,
  parts: StoreParts,
): Promise<Mailbox> {
  const rows = await storeRows(mailbox, base, parts);
  const history = await storeHistory(mailbox, base, parts);
  return mailbox.with({ rows, history });
}

async function storeRows(
  mailbox: Mailbox,
  base: Mailbox | undefined,
  { blobs, flags, writer, since, look }: StoreParts,
): Promise<MailboxRows> {
  if (mailbox.exists === 0) return noRows;
  const stored = base?.rows.stored;
  const { uidNext, recentFrom } = mailbox;
  const counters = { uidNext, recentFrom, recent: countFrom(mailbox, recentFrom) };
  if (stored !== undefined && mailbox.highestModSeq <= since)
    return { stored: { ...counters, sections: stored.sections }, chunks: [] };
  const before = stored?.sections ?? [];
  let delta =
    stored === undefined ? allRows(mailbox) : await deltaSince(mailbox, stored.uidNext, since, flags);
  let section = await encodeRowSection(delta);
  const rewritten = rewrittenSections(before, section.length);
  const kept = before.slice(0, before.length - rewritten);
  const older = await loadSections(blobs, before.slice(kept.length), flags);
  if (older !== undefined) {
    delta = await combine(older, delta, flags);
    section = await encodeRowSection(delta);
  }
  await look?.(mailbox, delta.appended, kept.length === 0 ? 'all' : 'young');
  return { stored: { ...counters, sections: [...kept, writer.add(section)] }, chunks: [] };
}

const allRows = ({ chunks }: Mailbox): RowDelta => ({
  uidFrom: 1,
  removed: UidSet.empty,
  changed: noMarks,
  appended: chunks,
});

/** What became of a mailbox since a snapshot. Chunks that nothing touched cost nothing. */
export async function deltaSince(
  mailbox: Mailbox,
  uidFrom: number,
  since: number,
  flags: FlagTable,
): Promise<RowDelta> {
  const { stored, chunks } = mailbox.rows;
  const appended: Chunk[] = [];
  for (const chunk of chunks) {
    if (lastUid(chunk) < uidFrom) continue;
    appended.push(firstUid(chunk) >= uidFrom ? chunk : chunkFrom(chunk, lowerBound(chunk, uidFrom), flags));
  }
  // Rows that are not loaded were neither changed nor removed: that would have needed them.
  if (stored !== undefined) return { uidFrom, removed: UidSet.empty, changed: noMarks, appended };
  const left: UidSet[] = [];
  for (const departure of mailbox.history.departures.reversed()) {
    if (departure.modSeq <= since) break;
    left.push(departure.uids);
  }
  const below = UidSet.ofRanges(uidFrom > 1 ? [[1, uidFrom - 1]] : []);
  const removed = UidSet.unionOf(left).intersect(below);
  return { uidFrom, removed, changed: await changedMarks(chunks, uidFrom, since), appended };
}

async function changedMarks(chunks: readonly Chunk[], uidFrom: number, since: number): Promise<ChangedMarks> {
  const touched = chunks.filter((chunk) => chunk.maxModSeq > since && firstUid(chunk) < uidFrom);
  const each = async (take: (chunk: Chunk, row: number) => void) => {
    for (const chunk of touched) {
      const end = lowerBound(chunk, uidFrom);
      const { modSeq } = chunk.marks;
      for (let i = 0; i < end; i++) if (modSeq[i]! > since) take(chunk, i);
      await worked(chunk.length);
    }
  };
  let count = 0;
  await each(() => {
    count++;
  });
  if (count === 0) return noMarks;
  const marks = {
    uid: new Uint32Array(count),
    flags: new Uint32Array(count),
    modSeq: new Float64Array(count),
  };
  let at = 0;
  await each((chunk, row) => {
    marks.uid[at] = chunk.fixed.uid[row]!;
    marks.flags[at] = chunk.marks.flags[row]!;
    marks.modSeq[at++] = chunk.marks.modSeq[row]!;
  });
  return marks;
}

async function storeHistory(
  mailbox: Mailbox,
  base: Mailbox | undefined,
  { blobs, flags, writer, since, now }: StoreParts,
): Promise<History> {
  const { history } = mailbox;
  const before = base?.history.stored;
  // A process may hold what the snapshot before has forgotten; what comes from there is no more complete for that.
  const from = Math.max(history.from, base?.history.from ?? 0);
  const purges = history.stored?.purges ?? [];
  const held = [...history.departures];
  const whole =
    before === undefined || purges.length > 0 || (history.stored === undefined && history.rewritten > since);
  if (whole) {
    const older = history.stored === undefined ? [] : await loadHistory(blobs, history.stored, flags);
    return writeWhole([...older, ...held]);
  }
  const young = held.filter((departure) => departure.modSeq > since);
  const settled = (stored: StoredHistory): History => ({ ...noHistory, stored, from });
  if (young.length === 0) return settled(before);
  const section = await encodeHistorySection(young, flags);
  const rewritten = rewrittenSections(before.sections, section.length);
  if (rewritten === before.sections.length) {
    const older = await loadHistory(blobs, { sections: before.sections, purges: [] }, flags);
    return writeWhole([...older, ...young]);
  }
  const kept = before.sections.slice(0, before.sections.length - rewritten);
  const joined = before.sections.slice(kept.length);
  const older = await loadHistory(blobs, { sections: joined, purges: [] }, flags);
  const bytes = older.length === 0 ? section : await encodeHistorySection([...older, ...young], flags);
  const sums = await summary(young);
  return settled({
    sections: [...kept, writer.add(bytes)],
    count: before.count + young.length,
    restorable: before.restorable + sums.restorable,
    oldest: Math.min(before.oldest, sums.oldest),
    modSeq: young.at(-1)!.modSeq,
    purges: [],
  });

  async function writeWhole(all: readonly Departure[]): Promise<History> {
    const first = forgettable(all, now);
    const departures = all.slice(first);
    const forgotten = first === 0 ? from : all[first - 1]!.modSeq;
    if (departures.length === 0) return { ...noHistory, departures: SharedVector.of(), from: forgotten };
    const ref = writer.add(await encodeHistorySection(departures, flags));
    const stored = {
      sections: [ref],
      count: departures.length,
      ...(await summary(departures)),
      modSeq: departures.at(-1)!.modSeq,
      purges: [],
    };
    return { ...noHistory, stored, from: forgotten };
  }
}

async function summary(
  departures: readonly Departure[],
): Promise<{ readonly restorable: number; readonly oldest: number }> {
  let restorable = 0;
  let oldest = Number.POSITIVE_INFINITY;
  for (const { rows, uids, time } of departures) {
    let count = 0;
    for (const chunk of rows) {
      count += countIn([chunk], uids);
      await worked(chunk.length);
    }
    if (count > 0) oldest = Math.min(oldest, time);
    restorable += count;
  }
  return { restorable, oldest };
}
