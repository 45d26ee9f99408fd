import type { MailboxId } from '../ids.ts';
import { withDeparture } from './departure-list.ts';
import { allUids, Mailbox, noHistory, noRows } from './mailbox.ts';
import type { Effect, Operation, SpecialUse } from './operation.ts';
import { appendRows } from './row-edits.ts';
import { rowsOf } from './rows.ts';
import { type AccountState, inboxId, modSeqAt } from './state.ts';
import { UidSet } from './uid-set.ts';

type MailboxOperation = Extract<Operation, { kind: 'create' | 'delete' | 'rename' | 'subscribe' }>;
type Step = { readonly state: AccountState; readonly effect: Effect };

const nothing = (state: AccountState): Step => ({ state, effect: { kind: 'none' } });

export function applyMailboxOperation(state: AccountState, operation: MailboxOperation): Step {
  switch (operation.kind) {
    case 'create':
      return create(state, operation.name, operation.specialUse);
    case 'delete':
      return remove(state, operation.mailbox);
    case 'rename':
      return operation.from === 'INBOX'
        ? renameInbox(state, operation.to)
        : rename(state, operation.from, operation.to);
    case 'subscribe': {
      const subscriptions = new Set(state.subscriptions);
      if (operation.subscribed) subscriptions.add(operation.name);
      else subscriptions.delete(operation.name);
      return nothing({ ...state, subscriptions });
    }
  }
}

/** The names above a name, outermost first. */
export function ancestors(name: string): string[] {
  const levels = name.split('/');
  return levels.slice(1).map((_, i) => levels.slice(0, i + 1).join('/'));
}

function create(state: AccountState, name: string, specialUse: SpecialUse | undefined): Step {
  if (state.mailboxes.named(name) !== undefined) return nothing(state);
  let next = state;
  for (const above of ancestors(name))
    if (next.mailboxes.named(above) === undefined) next = addMailbox(next, above, undefined);
  const id = next.nextMailbox;
  return { state: addMailbox(next, name, specialUse), effect: { kind: 'created', mailbox: id } };
}

/** UIDVALIDITY (RFC 9051 §2.3.1.1) is the time in seconds, moved on where two would be equal: it never repeats. */
export function addMailbox(
  state: AccountState,
  name: string,
  specialUse: SpecialUse | undefined,
): AccountState {
  const uidValidity = Math.max(Math.floor(state.time / 1000), state.lastUidValidity + 1);
  const mailbox = new Mailbox({
    id: state.nextMailbox,
    name,
    specialUse,
    uidValidity,
    uidNext: 1,
    highestModSeq: modSeqAt(state, state.position),
    recentFrom: 1,
    exists: 0,
    unseen: 0,
    deleted: 0,
    bytes: 0,
    keywords: [],
    hiddenFromPop3: UidSet.empty,
    rows: noRows,
    history: noHistory,
  });
  return {
    ...state,
    mailboxes: state.mailboxes.with(mailbox),
    nextMailbox: (state.nextMailbox + 1) as MailboxId,
    lastUidValidity: uidValidity,
  };
}

function remove(state: AccountState, id: MailboxId): Step {
  const mailbox = state.mailboxes.get(id);
  if (mailbox === undefined || id === inboxId) return nothing(state);
  return nothing({
    ...state,
    mailboxes: state.mailboxes.without(id),
    usage: {
      bytes: state.usage.bytes - mailbox.bytes,
      messages: state.usage.messages - mailbox.exists,
    },
    removedMailboxes: state.removedMailboxes.push({ time: Math.floor(state.time / 1000), mailbox }),
  });
}

function rename(state: AccountState, from: string, to: string): Step {
  const moved = [...state.mailboxes].filter((m) => m.name === from || m.name.startsWith(`${from}/`));
  const target = (name: string) => to + name.slice(from.length);
  const blocked =
    moved.length === 0 ||
    to === from ||
    to.startsWith(`${from}/`) ||
    moved.some((m) => state.mailboxes.named(target(m.name)) !== undefined);
  if (blocked) return nothing(state);
  let next = state;
  for (const above of ancestors(to))
    if (next.mailboxes.named(above) === undefined) next = addMailbox(next, above, undefined);
  let mailboxes = next.mailboxes;
  for (const mailbox of moved) mailboxes = mailboxes.with(mailbox.with({ name: target(mailbox.name) }));
  return nothing({ ...next, mailboxes });
}

/** RFC 9051 §6.3.6: the messages go to a new mailbox, INBOX stays and is empty; names below INBOX stay too. */
function renameInbox(state: AccountState, to: string): Step {
  const inbox = state.mailboxes.get(inboxId);
  if (inbox === undefined || state.mailboxes.named(to) !== undefined) return nothing(state);
  const created = create(state, to, undefined).state;
  const target = created.mailboxes.named(to) as Mailbox;
  const modSeq = modSeqAt(state, state.position);
  let uid = 1;
  const rows = Array.from(rowsOf(inbox.chunks), (row) => ({ ...row, uid: uid++, modSeq }));
  const moved = target.with({
    uidNext: uid,
    exists: inbox.exists,
    unseen: inbox.unseen,
    deleted: inbox.deleted,
    bytes: inbox.bytes,
    keywords: inbox.keywords,
    chunks: appendRows([], rows, created.flags),
  });
  const emptied = inbox.with({
    highestModSeq: modSeq,
    recentFrom: inbox.uidNext,
    exists: 0,
    unseen: 0,
    deleted: 0,
    bytes: 0,
    hiddenFromPop3: UidSet.empty,
    chunks: [],
    history:
      inbox.exists === 0
        ? inbox.history
        : withDeparture(
            inbox,
            {
              modSeq,
              time: Math.floor(state.time / 1000),
              uids: allUids(inbox),
              rows: [],
            },
            created.flags,
          ),
  });
  return {
    state: { ...created, mailboxes: created.mailboxes.with(moved).with(emptied) },
    effect: { kind: 'created', mailbox: moved.id },
  };
}
