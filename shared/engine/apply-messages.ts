import type { MailboxId, MessageNo } from '../ids.ts';
import { isKeyword } from './flag-table.ts';
import { countRows, everyUid, type Mailbox, presentUids } from './mailbox.ts';
import type { Effect, Operation } from './operation.ts';
import { appendRows, type Chunk, type Row, remark, removeRows, runs, selectRows } from './rows.ts';
import { SharedVector } from './shared-vector.ts';
import { type AccountState, inboxId, modSeqAt } from './state.ts';
import { UidSet } from './uid-set.ts';

type MessageOperation = Exclude<
  Operation,
  { kind: 'create' | 'delete' | 'rename' | 'subscribe' | 'limits' | 'metadata' }
>;
type Step = { readonly state: AccountState; readonly effect: Effect };
type Of<K extends MessageOperation['kind']> = Extract<MessageOperation, { kind: K }>;

/** UIDs are 32-bit; a mailbox that has given them all out takes no more (never reached by a person: 4 billion). */
const lastUidOfAll = 0xffff_fffe;

export function applyMessageOperation(state: AccountState, operation: MessageOperation): Step {
  switch (operation.kind) {
    case 'append':
      return append(state, operation);
    case 'flags':
      return changeFlags(state, operation);
    case 'expunge':
      return expunge(state, operation.mailbox, operation.uids);
    case 'copy':
      return copy(state, operation.mailbox, operation.uids, operation.to);
    case 'move':
      return move(state, operation);
    case 'hideFromPop3':
      return hide(state, operation);
    case 'recent': {
      const mailbox = state.mailboxes.get(operation.mailbox);
      if (mailbox === undefined || operation.uid <= mailbox.recentFrom) return nothing(state);
      return nothing(replace(state, { ...mailbox, recentFrom: Math.min(operation.uid, mailbox.uidNext) }));
    }
    case 'purge':
      return purge(state, operation.expungedBefore);
  }
}

const nothing = (state: AccountState): Step => ({ state, effect: { kind: 'none' } });

const replace = (state: AccountState, mailbox: Mailbox): AccountState => ({
  ...state,
  mailboxes: state.mailboxes.with(mailbox),
});

const seconds = (state: AccountState): number => Math.floor(state.time / 1000);

/** The keywords of a mailbox with those of some flags added; the same array where there is no new one. */
function withKeywords(known: readonly string[], flags: Iterable<string>): readonly string[] {
  let keywords: string[] | undefined;
  for (const flag of flags)
    if (isKeyword(flag) && !(keywords ?? known).includes(flag)) (keywords ??= known.slice()).push(flag);
  return keywords ?? known;
}

/** An acknowledged append is never dropped: with its mailbox gone it goes to INBOX; quota was judged before the entry was written. */
function append(state: AccountState, { mailbox: id, message, deliveryId }: Of<'append'>): Step {
  const now = seconds(state);
  if (deliveryId !== undefined && state.deliveries.has(deliveryId, now))
    return { state, effect: { kind: 'duplicate' } };
  const mailbox = state.mailboxes.get(id) ?? (state.mailboxes.get(inboxId) as Mailbox);
  const { table, id: flags } = state.flags.intern(message.flags);
  const row: Row = {
    uid: mailbox.uidNext,
    size: message.size,
    internalDate: message.internalDate,
    saveDate: now,
    message: state.nextMessage,
    flags,
    modSeq: modSeqAt(state, state.position),
  };
  const added = addRows({ ...state, flags: table }, mailbox, [row]);
  return {
    state: {
      ...added,
      nextMessage: (state.nextMessage + 1) as MessageNo,
      deliveries: deliveryId === undefined ? state.deliveries : state.deliveries.add(deliveryId, now),
    },
    effect: { kind: 'appended', mailbox: mailbox.id, uidValidity: mailbox.uidValidity, uid: row.uid },
  };
}

/** The state with rows behind a mailbox's own, counters and usage included. Rows carry their UIDs, from uidNext up. */
function addRows(state: AccountState, mailbox: Mailbox, rows: readonly Row[]): AccountState {
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
  const grown: Mailbox = {
    ...mailbox,
    uidNext: rows.at(-1)!.uid + 1,
    highestModSeq: modSeqAt(state, state.position),
    exists: mailbox.exists + rows.length,
    unseen,
    deleted,
    bytes,
    keywords,
    chunks: appendRows(mailbox.chunks, rows, state.flags),
  };
  return {
    ...replace(state, grown),
    usage: { bytes: state.usage.bytes + added, messages: state.usage.messages + rows.length },
  };
}

function changeFlags(state: AccountState, operation: Of<'flags'>): Step {
  const mailbox = state.mailboxes.get(operation.mailbox);
  if (mailbox === undefined) return nothing(state);
  let table = state.flags;
  const changes = new Map<number, number>();
  const change = (before: number): number => {
    let after = changes.get(before);
    if (after === undefined) {
      const had = table.set(before).flags;
      const named = new Set(operation.flags.map((f) => table.spelling(f)?.toLowerCase() ?? f.toLowerCase()));
      const wanted =
        operation.mode === 'replace'
          ? operation.flags
          : operation.mode === 'add'
            ? [...had, ...operation.flags]
            : had.filter((f) => !named.has(f.toLowerCase()));
      const interned = table.intern(wanted);
      table = interned.table;
      after = interned.id;
      changes.set(before, after);
    }
    return after;
  };
  const modSeq = modSeqAt(state, state.position);
  // Every flag set is interned before any chunk is remarked: remark counts with the final table.
  for (const chunk of mailbox.chunks)
    for (const [from, to] of runs(chunk, operation.uids))
      for (let i = from; i < to; i++) change(chunk.marks.flags[i]!);
  const changed: number[] = [];
  let { unseen, deleted } = mailbox;
  const chunks = mailbox.chunks.map((chunk): Chunk => {
    for (const [from, to] of runs(chunk, operation.uids)) {
      for (let i = from; i < to; i++) {
        const before = chunk.marks.flags[i]!;
        const after = change(before);
        if (before === after) continue;
        changed.push(chunk.fixed.uid[i]!);
        unseen += (table.set(after).seen ? 0 : 1) - (table.set(before).seen ? 0 : 1);
        deleted += (table.set(after).deleted ? 1 : 0) - (table.set(before).deleted ? 1 : 0);
      }
    }
    return remark(chunk, operation.uids, change, modSeq, table);
  });
  if (changed.length === 0) return { state, effect: { kind: 'flagged', changed: UidSet.empty } };
  let keywords = mailbox.keywords;
  for (const after of changes.values()) keywords = withKeywords(keywords, table.set(after).flags);
  const next = { ...mailbox, highestModSeq: modSeq, unseen, deleted, keywords, chunks };
  return {
    state: { ...replace(state, next), flags: table },
    effect: { kind: 'flagged', changed: UidSet.of(changed) },
  };
}

function expunge(state: AccountState, id: MailboxId, wanted: UidSet): Step {
  const mailbox = state.mailboxes.get(id);
  if (mailbox === undefined) return nothing(state);
  const taken = takeOut(state, mailbox, wanted, 'restorable');
  return { state: taken.state, effect: { kind: 'expunged', uids: taken.uids } };
}

/** Takes messages out of a mailbox. Those that live on elsewhere leave nothing to restore. */
function takeOut(
  state: AccountState,
  mailbox: Mailbox,
  wanted: UidSet,
  rest: 'restorable' | 'elsewhere',
): { readonly state: AccountState; readonly uids: UidSet } {
  const uids = presentUids(mailbox, wanted);
  if (uids.size === 0) return { state, uids };
  const gone = countRows(mailbox.chunks, uids, state.flags);
  const { kept, touched } = removeRows(mailbox.chunks, uids, state.flags);
  const modSeq = modSeqAt(state, state.position);
  const next: Mailbox = {
    ...mailbox,
    highestModSeq: modSeq,
    exists: mailbox.exists - gone.exists,
    unseen: mailbox.unseen - gone.unseen,
    deleted: mailbox.deleted - gone.deleted,
    bytes: mailbox.bytes - gone.bytes,
    hiddenFromPop3: mailbox.hiddenFromPop3.subtract(uids),
    chunks: kept,
    departures: mailbox.departures.push({
      modSeq,
      time: seconds(state),
      uids,
      rows: rest === 'restorable' ? touched : [],
    }),
  };
  return {
    uids,
    state: {
      ...replace(state, next),
      usage: { bytes: state.usage.bytes - gone.bytes, messages: state.usage.messages - gone.exists },
    },
  };
}

function copy(state: AccountState, from: MailboxId, wanted: UidSet, to: MailboxId): Step {
  const source = state.mailboxes.get(from);
  const target = state.mailboxes.get(to);
  if (source === undefined || target === undefined) return nothing(state);
  const modSeq = modSeqAt(state, state.position);
  const saveDate = seconds(state);
  let uid = target.uidNext;
  const rows: Row[] = [];
  const taken: number[] = [];
  for (const row of selectRows(source.chunks, wanted)) {
    if (uid > lastUidOfAll) break;
    taken.push(row.uid);
    rows.push({ ...row, uid: uid++, saveDate, modSeq });
  }
  const destination = rows.length === 0 ? UidSet.empty : UidSet.ofRanges([[target.uidNext, uid - 1]]);
  return {
    state: addRows(state, target, rows),
    effect: { kind: 'copied', to, uidValidity: target.uidValidity, source: UidSet.of(taken), destination },
  };
}

function move(state: AccountState, { mailbox, uids, to }: Of<'move'>): Step {
  if (state.mailboxes.get(to) === undefined) return nothing(state);
  const copied = copy(state, mailbox, uids, to);
  if (copied.effect.kind !== 'copied') return copied;
  // A move within one mailbox gives the messages new UIDs there; the copies are above what is taken out.
  const source = copied.state.mailboxes.get(mailbox) as Mailbox;
  return {
    state: takeOut(copied.state, source, copied.effect.source, 'elsewhere').state,
    effect: copied.effect,
  };
}

function hide(state: AccountState, { mailbox: id, uids }: Of<'hideFromPop3'>): Step {
  const mailbox = state.mailboxes.get(id);
  if (mailbox === undefined) return nothing(state);
  const hidden = mailbox.hiddenFromPop3.union(presentUids(mailbox, uids));
  return nothing(replace(state, { ...mailbox, hiddenFromPop3: hidden }));
}

/** The history of what left stays (VANISHED needs it); the rows that could bring it back go. */
function purge(state: AccountState, expungedBefore: number): Step {
  let mailboxes = state.mailboxes;
  for (const mailbox of state.mailboxes) {
    if (![...mailbox.departures].some((d) => d.rows.length > 0 && d.time <= expungedBefore)) continue;
    const departures = SharedVector.of(
      Array.from(mailbox.departures, (d) => (d.time <= expungedBefore ? { ...d, rows: [] } : d)),
    );
    mailboxes = mailboxes.with({ ...mailbox, departures });
  }
  const removed = [...state.removedMailboxes];
  const kept = removed.filter((r) => r.time > expungedBefore);
  const removedMailboxes = kept.length === removed.length ? state.removedMailboxes : SharedVector.of(kept);
  return nothing({ ...state, mailboxes, removedMailboxes });
}

/** Messages that a mailbox no longer holds but can still give back, with the flags they had. */
export function* restorableRows(mailbox: Mailbox): Generator<Row> {
  for (const departure of mailbox.departures) yield* selectRows(departure.rows, departure.uids);
}

/** Every message number that a state still needs: in mailboxes, restorable, or in a mailbox deleted a short time ago. */
export function* referencedMessages(state: AccountState): Generator<number> {
  const removed = Array.from(state.removedMailboxes, (r) => r.mailbox);
  for (const mailbox of [...state.mailboxes, ...removed]) {
    for (const row of selectRows(mailbox.chunks, everyUid)) yield row.message;
    for (const row of restorableRows(mailbox)) yield row.message;
  }
}
