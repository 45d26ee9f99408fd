import type { LogPosition, MailboxId } from '../ids.ts';
import { err, ok } from '../result.ts';
import { gone, mailboxNamed, nothing, one } from './decided.ts';
import type { Decide } from './decision.ts';
import { checkMailboxName, maxMailboxes } from './mailbox-name.ts';
import type { Effect, Operation, SpecialUse } from './operation.ts';
import { inboxId } from './state.ts';

/** Of mailboxes that are there, and as many that were. */
export const maxSubscriptions = 2 * maxMailboxes;

/** What people do to an account and its mailboxes, each as a decision (see decision.ts): names and limits are judged here, once for every protocol. */

/** CREATE, RFC 9051 §6.3.4, with RFC 6154's USE. */
export const createMailbox =
  (name: string, specialUse?: SpecialUse): Decide<MailboxId> =>
  (state) => {
    const reason = checkMailboxName(name);
    if (reason !== undefined) return err({ kind: 'badMailboxName', reason });
    if (state.mailboxes.named(name) !== undefined) return err({ kind: 'mailboxExists' });
    if (state.mailboxes.size >= maxMailboxes)
      return err({ kind: 'limit', reason: `${maxMailboxes} mailboxes` });
    if (specialUse !== undefined)
      for (const other of state.mailboxes)
        if (other.specialUse === specialUse) return err({ kind: 'specialUseTaken' });
    return one({ kind: 'create', name, specialUse }, ({ effects }) => {
      const effect = effects[0] as Effect;
      return effect.kind === 'created' ? effect.mailbox : inboxId;
    });
  };

/** DELETE, RFC 9051 §6.3.5. */
export const deleteMailbox =
  (name: string): Decide<void> =>
  (state) => {
    const mailbox = state.mailboxes.named(name);
    if (mailbox === undefined)
      return state.mailboxes.below(name).next().done ? gone : err({ kind: 'hasChildren' });
    if (mailbox.id === inboxId) return err({ kind: 'notPossible', reason: 'INBOX cannot be deleted' });
    return one({ kind: 'delete', mailbox: mailbox.id }, nothing);
  };

/** RENAME, RFC 9051 §6.3.6. A name that is only a level above others may be renamed too. */
export const renameMailbox =
  (from: string, to: string): Decide<void> =>
  (state) => {
    const reason = checkMailboxName(to);
    if (reason !== undefined) return err({ kind: 'badMailboxName', reason });
    if (state.mailboxes.named(to) !== undefined) return err({ kind: 'mailboxExists' });
    const below = [...state.mailboxes.below(from)];
    if (state.mailboxes.named(from) === undefined && below.length === 0) return gone;
    if (to.startsWith(`${from}/`) && from !== 'INBOX')
      return err({ kind: 'notPossible', reason: 'a mailbox cannot go below itself' });
    for (const mailbox of from === 'INBOX' ? [] : below) {
      const name = to + mailbox.name.slice(from.length);
      if (state.mailboxes.named(name) !== undefined) return err({ kind: 'mailboxExists' });
      const tooLong = checkMailboxName(name);
      if (tooLong !== undefined) return err({ kind: 'badMailboxName', reason: tooLong });
    }
    return one({ kind: 'rename', from, to }, nothing);
  };

/** SUBSCRIBE and UNSUBSCRIBE, RFC 9051 §6.3.7: of a mailbox that exists, or of a name that was subscribed. */
export const subscribe =
  (name: string, subscribed: boolean): Decide<void> =>
  (state) => {
    if (state.subscriptions.has(name) === subscribed) return ok({ operations: [], answer: nothing });
    if (subscribed && state.mailboxes.named(name) === undefined)
      return mailboxNamed(state, name) as typeof gone;
    // Names stay subscribed when their mailboxes are gone.
    if (subscribed && state.subscriptions.size >= maxSubscriptions)
      return err({ kind: 'limit', reason: `${maxSubscriptions} subscriptions` });
    return one({ kind: 'subscribe', name, subscribed }, nothing);
  };

/** The account's limit in bytes; undefined for none. */
export const setLimit =
  (bytes: number | undefined): Decide<void> =>
  (state) =>
    state.limits.bytes === bytes
      ? ok({ operations: [], answer: nothing })
      : one({ kind: 'limits', bytes }, nothing);

const standardMailboxes: readonly (readonly [string, SpecialUse])[] = [
  ['Archive', '\\Archive'],
  ['Drafts', '\\Drafts'],
  ['Junk', '\\Junk'],
  ['Sent', '\\Sent'],
  ['Trash', '\\Trash'],
];

/**
 * The first entry of every account: INBOX and the usual mailboxes (RFC 6154), subscribed. Does nothing to an account that has one.
 * `uidValidityFloor`: what the directory keeps for the address, where others had it before.
 */
export const initialiseAccount =
  (limit: number | undefined, uidValidityFloor = 0): Decide<void> =>
  (state) => {
    if (state.position > (0 as LogPosition)) return ok({ operations: [], answer: nothing });
    const operations: Operation[] = [
      ...(uidValidityFloor > 0 ? [{ kind: 'uidValidity', above: uidValidityFloor } as const] : []),
      { kind: 'create', name: 'INBOX' },
      { kind: 'subscribe', name: 'INBOX', subscribed: true },
    ];
    for (const [name, specialUse] of standardMailboxes)
      operations.push({ kind: 'create', name, specialUse }, { kind: 'subscribe', name, subscribed: true });
    if (limit !== undefined) operations.push({ kind: 'limits', bytes: limit });
    return ok({ operations, answer: nothing });
  };
