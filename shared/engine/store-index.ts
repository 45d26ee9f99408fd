import type { AccountId, MailboxId } from '../ids.ts';
import type { EngineParts } from './engine.ts';
import type { Mailbox } from './mailbox.ts';
import { yieldToSessions } from './pace.ts';
import { type IndexObject, readSection, SectionWriter, scatteredObjects } from './section-store.ts';
import { SharedVector } from './shared-vector.ts';
import type { Snapshot } from './snapshot-loader.ts';
import { type AccountState, MailboxTable, modSeqAt } from './state.ts';
import { type StoreParts, storeMailbox } from './store-mailbox.ts';
import type { SectionRef } from './stored-rows.ts';

export interface StoredIndex {
  /** The state with its mailboxes' rows and history in sections. */
  readonly stored: AccountState;
  /** Every object that has one of these sections. */
  readonly objects: readonly IndexObject[];
}

/**
 * Stores what became of an account's mailboxes since a snapshot: one object with the new sections of all of them, beside those that
 * hold what did not change. Where little of an object is still used, that little moves to the new one. `look` is shown the rows that are at hand.
 */
export async function storeIndex(
  account: AccountId,
  state: AccountState,
  base: Snapshot | undefined,
  { blobs, entropy, giveUp }: Pick<EngineParts, 'blobs' | 'entropy' | 'giveUp'>,
  look?: StoreParts['look'],
): Promise<StoredIndex> {
  const writer = new SectionWriter(account, entropy);
  const older = new Map<MailboxId, Mailbox>();
  for (const mailbox of base?.state.mailboxes ?? []) older.set(mailbox.id, mailbox);
  for (const { mailbox } of base?.state.removedMailboxes ?? []) older.set(mailbox.id, mailbox);
  const parts: StoreParts = {
    blobs,
    flags: state.flags,
    writer,
    since: base === undefined ? 0 : modSeqAt(base.state, base.state.position),
    now: Math.floor(state.time / 1000),
    look,
  };
  const store = async (mailbox: Mailbox, how = parts): Promise<Mailbox> => {
    await yieldToSessions(giveUp);
    return storeMailbox(mailbox, older.get(mailbox.id), how);
  };
  let mailboxes: Mailbox[] = [];
  for (const mailbox of state.mailboxes) mailboxes.push(await store(mailbox));
  let removed: { time: number; mailbox: Mailbox }[] = [];
  for (const { time, mailbox } of state.removedMailboxes)
    removed.push({ time, mailbox: await store(mailbox, { ...parts, look: undefined }) });

  const before = base?.objects ?? [];
  const all = [...mailboxes, ...removed.map(({ mailbox }) => mailbox)];
  const scattered = scatteredObjects(before, all.flatMap(sectionsOf));
  if (scattered.size > 0) {
    const moved = new Map<SectionRef, SectionRef>();
    for (const section of all.flatMap(sectionsOf))
      if (scattered.has(section.object)) moved.set(section, writer.add(await readSection(blobs, section)));
    mailboxes = mailboxes.map((mailbox) => moveSections(mailbox, moved));
    removed = removed.map((r) => ({ ...r, mailbox: moveSections(r.mailbox, moved) }));
  }
  const fresh = await writer.put(blobs);
  const used = new Set(
    [...mailboxes, ...removed.map(({ mailbox }) => mailbox)].flatMap(sectionsOf).map((s) => s.object),
  );
  const objects = [...before, ...(fresh === undefined ? [] : [fresh])].filter(({ key }) => used.has(key));
  const stored: AccountState = {
    ...state,
    mailboxes: MailboxTable.of(mailboxes),
    removedMailboxes: SharedVector.of(removed),
  };
  return { stored, objects };
}

const sectionsOf = ({ rows, history }: Mailbox): SectionRef[] => [
  ...(rows.stored?.sections ?? []),
  ...(history.stored?.sections ?? []),
];

function moveSections(mailbox: Mailbox, moved: ReadonlyMap<SectionRef, SectionRef>): Mailbox {
  const move = <T extends { readonly sections: readonly SectionRef[] }>(stored: T | undefined) =>
    stored === undefined
      ? undefined
      : { ...stored, sections: stored.sections.map((section) => moved.get(section) ?? section) };
  const { rows, history } = mailbox;
  return mailbox.with({
    rows: { ...rows, stored: move(rows.stored) },
    history: { ...history, stored: move(history.stored) },
  });
}
