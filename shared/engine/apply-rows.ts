import { isKeyword } from './flag-table.ts';
import type { Mailbox } from './mailbox.ts';
import type { Effect } from './operation.ts';
import { appendRows } from './row-edits.ts';
import type { Row } from './rows.ts';
import { type AccountState, modSeqAt } from './state.ts';

/** What one operation makes of a state. */
export type Step = { readonly state: AccountState; readonly effect: Effect };

/** UIDs are 32-bit; a mailbox that has given them all out takes no more (never reached by a person: 4 billion). */
export const lastUidOfAll = 0xffff_fffe;

export const nothing = (state: AccountState): Step => ({ state, effect: { kind: 'none' } });

export const replace = (state: AccountState, mailbox: Mailbox): AccountState => ({
  ...state,
  mailboxes: state.mailboxes.with(mailbox),
});

/** The time of the entry that is being applied. */
export const seconds = (state: AccountState): number => Math.floor(state.time / 1000);

/** The keywords of a mailbox with those of some flags added; the same array where there is no new one. */
export function withKeywords(known: readonly string[], flags: Iterable<string>): readonly string[] {
  let keywords: string[] | undefined;
  for (const flag of flags)
    if (isKeyword(flag) && !(keywords ?? known).includes(flag)) (keywords ??= known.slice()).push(flag);
  return keywords ?? known;
}

/** The state with rows behind a mailbox's own, counters and usage included. Rows carry their UIDs, from uidNext up. */
export function addRows(state: AccountState, mailbox: Mailbox, rows: readonly Row[]): AccountState {
  if (rows.length === 0) return state;
  let { unseen, deleted, bytes } = mailbox;
  let added = 0;
  const seenSets = new Set<number>();
  for (const row of rows) {
    const flags = state.flags.set(row.flags);
    seenSets.add(row.flags);
    if (!flags.seen) unseen++;
    if (flags.deleted) deleted++;
    added += row.size;
  }
  bytes += added;
  let keywords = mailbox.keywords;
  for (const id of seenSets) keywords = withKeywords(keywords, state.flags.set(id).flags);
  const { stored, chunks } = mailbox.rows;
  const grown = mailbox.with({
    uidNext: rows.at(-1)!.uid + 1,
    highestModSeq: modSeqAt(state, state.position),
    exists: mailbox.exists + rows.length,
    unseen,
    deleted,
    bytes,
    keywords,
    rows: { stored, chunks: appendRows(chunks, rows, state.flags) },
  });
  return {
    ...replace(state, grown),
    usage: { bytes: state.usage.bytes + added, messages: state.usage.messages + rows.length },
  };
}
