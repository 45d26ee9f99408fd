import type { BlobStore } from '../ports/blob-store.ts';
import { afterPurges } from './departure-list.ts';
import type { FlagTable } from './flag-table.ts';
import { decodeHistorySection } from './history-section.ts';
import type { Departure, Mailbox } from './mailbox.ts';
import { combine, type RowDelta } from './row-delta.ts';
import { decodeRowSection } from './row-section.ts';
import type { Chunk } from './rows.ts';
import { readSection } from './section-store.ts';
import { SharedVector } from './shared-vector.ts';
import type { AccountState } from './state.ts';
import type { SectionRef, StoredHistory, StoredRows } from './stored-rows.ts';

/** Sections of rows, read and put on top of each other. */
export async function loadSections(
  blobs: BlobStore,
  sections: readonly SectionRef[],
  flags: FlagTable,
): Promise<RowDelta | undefined> {
  const pieces = await Promise.all(sections.map((section) => readSection(blobs, section)));
  let all: RowDelta | undefined;
  for (const piece of pieces) {
    const delta = await decodeRowSection(piece, flags);
    all = all === undefined ? delta : await combine(all, delta, flags);
  }
  return all;
}

export async function loadRows(
  blobs: BlobStore,
  { sections }: StoredRows,
  flags: FlagTable,
): Promise<readonly Chunk[]> {
  return (await loadSections(blobs, sections, flags))?.appended ?? [];
}

export async function loadHistory(
  blobs: BlobStore,
  { sections, purges }: Pick<StoredHistory, 'sections' | 'purges'>,
  flags: FlagTable,
): Promise<readonly Departure[]> {
  const pieces = await Promise.all(sections.map((section) => readSection(blobs, section)));
  const departures: Departure[] = [];
  for (const piece of pieces) departures.push(...(await decodeHistorySection(piece, flags)));
  return afterPurges(departures, purges);
}

/** A mailbox with all its rows, where these are the stored ones. */
export const withStoredRows = (mailbox: Mailbox, stored: readonly Chunk[]): Mailbox =>
  mailbox.with({ chunks: stored.concat(mailbox.rows.chunks) });

export const withStoredHistory = (mailbox: Mailbox, stored: readonly Departure[]): Mailbox => {
  const { history } = mailbox;
  const rewritten = Math.max(history.rewritten, ...(history.stored?.purges ?? []).map((p) => p.modSeq));
  return mailbox.with({
    history: {
      ...history,
      stored: undefined,
      departures: SharedVector.of([...stored, ...history.departures]),
      rewritten,
    },
  });
};

/** A mailbox of a state, or one that was deleted and can be brought back. */
export const anyMailbox = (state: AccountState, id: number): Mailbox | undefined =>
  state.mailboxes.get(id as Mailbox['id']) ??
  Array.from(state.removedMailboxes, (removed) => removed.mailbox).find((mailbox) => mailbox.id === id);

/** The same state with another version of a mailbox, deleted or not: what it says is the same. */
export function withMailbox(state: AccountState, mailbox: Mailbox): AccountState {
  if (state.mailboxes.get(mailbox.id) !== undefined)
    return { ...state, mailboxes: state.mailboxes.with(mailbox) };
  const removed = Array.from(state.removedMailboxes, (r) =>
    r.mailbox.id === mailbox.id ? { ...r, mailbox } : r,
  );
  return { ...state, removedMailboxes: SharedVector.of(removed) };
}

/** A state with everything that it has in a snapshot. */
export async function loadWhole(blobs: BlobStore, state: AccountState): Promise<AccountState> {
  let whole = state;
  for (const { mailbox } of [
    ...Array.from(state.mailboxes, (mailbox) => ({ mailbox })),
    ...state.removedMailboxes,
  ]) {
    const { rows, history } = mailbox;
    let loaded = mailbox;
    if (rows.stored !== undefined)
      loaded = withStoredRows(loaded, await loadRows(blobs, rows.stored, state.flags));
    if (history.stored !== undefined)
      loaded = withStoredHistory(loaded, await loadHistory(blobs, history.stored, state.flags));
    if (loaded !== mailbox) whole = withMailbox(whole, loaded);
  }
  return whole;
}
