import { withUidsOf } from '../../shared/engine/decided.ts';
import type { Decide } from '../../shared/engine/decision.ts';
import { type Mailbox, presentUids, uidsWithFlags } from '../../shared/engine/mailbox.ts';
import type { Operation } from '../../shared/engine/operation.ts';
import { type AccountState, inboxId } from '../../shared/engine/state.ts';
import type { UidSet } from '../../shared/engine/uid-set.ts';
import type { Pop3Deletion } from '../../shared/ports/directory.ts';
import { ok } from '../../shared/result.ts';

/** What a session leaves behind when it ends with QUIT. */
export interface MaildropUpdate {
  /** INBOX as the session knows it. */
  readonly mailbox: Mailbox;
  readonly deleted: UidSet;
  readonly retrieved: UidSet;
  /** The account's policy for what its POP3 clients delete. */
  readonly deletion: Pop3Deletion;
}

/** Moves to the mailbox that IMAP clients take for the bin (RFC 6154), to one named Trash, or to a new one of that name. */
function moveToTrash(state: AccountState, uids: UidSet): Operation[] {
  let trash = state.mailboxes.named('Trash');
  for (const mailbox of state.mailboxes) if (mailbox.specialUse === '\\Trash') trash = mailbox;
  const move = (to: Extract<Operation, { kind: 'move' }>['to']): Operation => ({
    kind: 'move',
    mailbox: inboxId,
    uids,
    to,
  });
  if (trash !== undefined) return [move(trash.id)];
  return [{ kind: 'create', name: 'Trash', specialUse: '\\Trash' }, move(state.nextMailbox)];
}

function remove(state: AccountState, uids: UidSet, deletion: Pop3Deletion): Operation[] {
  switch (deletion) {
    case 'expunge':
      return [{ kind: 'expunge', mailbox: inboxId, uids }];
    case 'trash':
      return moveToTrash(state, uids);
    case 'hide':
      return [{ kind: 'hideFromPop3', mailbox: inboxId, uids }];
  }
}

/**
 * The UPDATE state (RFC 1939 §6): all deletions of a session or none, in one entry with \Seen for what was retrieved, so that a
 * message that was read by POP3 is not new to IMAP. What others have expunged meanwhile is passed over. Answers how many were deleted.
 */
export const updateMaildrop = ({ mailbox, deleted, retrieved, deletion }: MaildropUpdate): Decide<number> =>
  withUidsOf(mailbox, (state) => {
    const inbox = state.mailboxes.get(inboxId)!;
    const gone = presentUids(inbox, deleted);
    const read = deletion === 'expunge' ? retrieved.subtract(gone) : retrieved;
    const unseen = uidsWithFlags(inbox, read, (flags) => !state.flags.set(flags).seen);
    const operations: Operation[] = [];
    if (unseen.size > 0)
      operations.push({ kind: 'flags', mailbox: inboxId, uids: unseen, mode: 'add', flags: ['\\Seen'] });
    if (gone.size > 0) operations.push(...remove(state, gone, deletion));
    return ok({ operations, answer: () => gone.size });
  });
