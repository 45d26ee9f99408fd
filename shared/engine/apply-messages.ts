import type { MailboxId, MessageNo } from '../ids.ts';
import { expunge, purge, restore, takeOut } from './apply-departures.ts';
import { addRows, lastUidOfAll, nothing, replace, type Step, seconds, withKeywords } from './apply-rows.ts';
import { FlagChange } from './flag-change.ts';
import { type Mailbox, presentUids } from './mailbox.ts';
import type { Operation } from './operation.ts';
import { type Row, selectRows } from './rows.ts';
import { type AccountState, inboxId, modSeqAt } from './state.ts';
import { UidSet } from './uid-set.ts';

export { referencedMessages, restorableRows } from './apply-departures.ts';

type MessageOperation = Exclude<
  Operation,
  { kind: 'create' | 'delete' | 'rename' | 'subscribe' | 'limits' | 'metadata' | 'uidValidity' }
>;
type Of<K extends MessageOperation['kind']> = Extract<MessageOperation, { kind: K }>;

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
      return nothing(replace(state, mailbox.with({ recentFrom: Math.min(operation.uid, mailbox.uidNext) })));
    }
    case 'purge':
      return purge(state, operation.expungedBefore);
    case 'restore':
      return restore(state, operation.mailbox, operation.expungedSince);
  }
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

function changeFlags(state: AccountState, { mailbox: id, uids, mode, flags }: Of<'flags'>): Step {
  const mailbox = state.mailboxes.get(id);
  if (mailbox === undefined) return nothing(state);
  const modSeq = modSeqAt(state, state.position);
  const change = new FlagChange(mailbox.chunks, uids, state.flags, modSeq, (table, had) => {
    if (mode === 'replace') return flags;
    if (mode === 'add') return [...had, ...flags];
    const named = new Set(flags.map((f) => table.spelling(f)?.toLowerCase() ?? f.toLowerCase()));
    return had.filter((f) => !named.has(f.toLowerCase()));
  });
  const chunks = mailbox.chunks.map((chunk) => change.apply(chunk, uids));
  const { changed } = change;
  if (changed.size === 0) return { state, effect: { kind: 'flagged', changed } };
  let { keywords } = mailbox;
  for (const result of change.results()) keywords = withKeywords(keywords, result);
  const unseen = mailbox.unseen + change.unseen;
  const deleted = mailbox.deleted + change.deleted;
  const next = mailbox.with({ highestModSeq: modSeq, unseen, deleted, keywords, chunks });
  return {
    state: { ...replace(state, next), flags: change.flags },
    effect: { kind: 'flagged', changed },
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
  return nothing(replace(state, mailbox.with({ hiddenFromPop3: hidden })));
}
