import { type MailboxId, messageKey } from '../ids.ts';
import { canBeFlag } from '../imap/flags.ts';
import { err, ok, type Result } from '../result.ts';
import { gone, mailboxNamed, nothing, one } from './decided.ts';
import type { Decide, Decided } from './decision.ts';
import { maxKeywords } from './flag-table.ts';
import type { MailError } from './mail-error.ts';
import { changedSince, type Mailbox, presentUids, uidsWithFlags } from './mailbox.ts';
import type { Effect } from './operation.ts';
import { runs } from './rows.ts';
import type { StagedMessage } from './stage.ts';
import { type AccountState, inboxId } from './state.ts';
import { UidSet } from './uid-set.ts';

/** What people do to messages, each as a decision (see decision.ts): limits are judged here, once for every protocol. */

/** True where more bytes would exceed the account's limit. */
export const overQuota = (state: AccountState, bytes: number): boolean =>
  state.limits.bytes !== undefined && bytes > 0 && state.usage.bytes + bytes > state.limits.bytes;

/** New keywords would pass the account's bound. */
function tooManyKeywords(state: AccountState, flags: readonly string[]): boolean {
  const fresh = new Set(flags.filter((f) => !state.flags.knows(f)).map((f) => f.toLowerCase()));
  return state.flags.keywordCount + fresh.size > maxKeywords;
}

const keywordLimit: Result<never, MailError> = err({ kind: 'limit', reason: `${maxKeywords} keywords` });

/** What no flag can be is left out: IMAP could not tell it, and its parser lets none through, but others ask too. */
const flagsAmong = (given: readonly string[]): readonly string[] => given.filter(canBeFlag);

/** Staged blobs are committed within a day, or not at all: the sweep of orphans must never meet one (design, "Deleting"). */
export const stagedLifetime = 24 * 3600;

export interface AppendRequest {
  readonly message: StagedMessage;
  readonly flags: readonly string[];
  /** Seconds since 1970; undefined: when it arrived. */
  readonly internalDate: number | undefined;
  /** Delivery's event and recipient: known ones do nothing. */
  readonly deliveryId?: string | undefined;
}

export interface Appended {
  readonly mailbox: MailboxId;
  readonly uidValidity: number;
  /** One for each message, ascending; none for a delivery made before. */
  readonly uids: UidSet;
}

/** APPEND, MULTIAPPEND and delivery: all of the messages or none. */
export const appendMessages =
  (name: string, requests: readonly AppendRequest[], otherwise?: 'inbox'): Decide<Appended> =>
  (state, now) => {
    const target =
      state.mailboxes.named(name) ?? (otherwise === 'inbox' ? state.mailboxes.get(inboxId) : undefined);
    if (target === undefined) return mailboxNamed(state, name) as typeof gone;
    // What was delivered before takes no room: refused, its sender would report as lost what is there.
    const coming = requests.filter(
      (r) => r.deliveryId === undefined || !state.deliveries.has(r.deliveryId, now),
    );
    const octets = coming.reduce((sum, r) => sum + r.message.size, 0);
    if (coming.length > 0 && overQuota(state, octets)) return err({ kind: 'overQuota' });
    if (
      tooManyKeywords(
        state,
        requests.flatMap((r) => r.flags),
      )
    )
      return keywordLimit;
    if (requests.some((r) => r.message.stagedAt < now - stagedLifetime))
      return err({ kind: 'unavailable', cause: 'the message was staged too long ago' });
    return ok({
      operations: requests.map((r) => ({
        kind: 'append',
        mailbox: target.id,
        deliveryId: r.deliveryId,
        message: {
          emailId: r.message.emailId,
          size: r.message.size,
          internalDate: r.internalDate ?? r.message.stagedAt,
          flags: flagsAmong(r.flags),
          record: r.message.record,
        },
      })),
      blobs: requests.map((r) => messageKey(r.message.account, r.message.emailId)),
      answer: ({ effects }) => {
        const made = effects.flatMap((e) => (e.kind === 'appended' ? [e] : []));
        const first = made[0];
        return {
          mailbox: first?.mailbox ?? target.id,
          uidValidity: first?.uidValidity ?? target.uidValidity,
          uids: UidSet.of(made.map((e) => e.uid)),
        };
      },
    });
  };

export type FlagMode = 'add' | 'remove' | 'replace';

export interface Flagged {
  readonly changed: UidSet;
  /** Left alone: changed by somebody since the mod-sequence that the client named (RFC 7162 §3.1.3). */
  readonly modified: UidSet;
}

/** STORE, RFC 9051 §6.4.6, with UNCHANGEDSINCE of RFC 7162. */
export const storeFlags =
  (
    id: MailboxId,
    uids: UidSet,
    mode: FlagMode,
    flags: readonly string[],
    unchangedSince?: number,
  ): Decide<Flagged> =>
  (state) => {
    const mailbox = state.mailboxes.get(id);
    if (mailbox === undefined) return gone;
    if (mode !== 'remove' && tooManyKeywords(state, flags)) return keywordLimit;
    const modified =
      unchangedSince === undefined ? UidSet.empty : changedSince(mailbox, uids, unchangedSince);
    const target = modified.size === 0 ? uids : uids.subtract(modified);
    if (target.size === 0) return ok({ operations: [], answer: () => ({ changed: UidSet.empty, modified }) });
    return one(
      { kind: 'flags', mailbox: id, uids: target, mode, flags: flagsAmong(flags) },
      ({ effects }) => {
        const effect = effects[0] as Effect;
        return { changed: effect.kind === 'flagged' ? effect.changed : UidSet.empty, modified };
      },
    );
  };

/** EXPUNGE, UID EXPUNGE and CLOSE: those of a set that carry \Deleted, RFC 9051 §6.4.3. */
export const expungeDeleted =
  (id: MailboxId, among: UidSet): Decide<UidSet> =>
  (state) => {
    const mailbox = state.mailboxes.get(id);
    if (mailbox === undefined) return gone;
    const uids =
      mailbox.deleted === 0
        ? UidSet.empty
        : uidsWithFlags(mailbox, among, (flags) => state.flags.set(flags).deleted);
    return expungeOperation(id, uids);
  };

/** Messages of a set, whatever their flags (POP3's QUIT). */
export const expungeMessages =
  (id: MailboxId, wanted: UidSet): Decide<UidSet> =>
  (state) => {
    const mailbox = state.mailboxes.get(id);
    return mailbox === undefined ? gone : expungeOperation(id, presentUids(mailbox, wanted));
  };

function expungeOperation(id: MailboxId, uids: UidSet): Result<Decided<UidSet>, MailError> {
  if (uids.size === 0) return ok({ operations: [], answer: () => uids });
  return one({ kind: 'expunge', mailbox: id, uids }, ({ effects }) => {
    const effect = effects[0] as Effect;
    return effect.kind === 'expunged' ? effect.uids : UidSet.empty;
  });
}

/** COPYUID's numbers, pairing off in ascending order (RFC 9051 §6.4.7). */
export interface Copied {
  readonly uidValidity: number;
  readonly source: UidSet;
  readonly destination: UidSet;
}

/** COPY and MOVE, RFC 9051 §6.4.7 and §6.4.8: the whole set or nothing. */
export const copyMessages =
  (kind: 'copy' | 'move', id: MailboxId, wanted: UidSet, to: string): Decide<Copied> =>
  (state) => {
    const mailbox = state.mailboxes.get(id);
    if (mailbox === undefined) return gone;
    const target = mailboxNamed(state, to);
    if (!target.ok) return target;
    const uids = presentUids(mailbox, wanted);
    const nothingCopied = { uidValidity: target.value.uidValidity, source: uids, destination: UidSet.empty };
    if (uids.size === 0) return ok({ operations: [], answer: () => nothingCopied });
    if (kind === 'copy' && overQuota(state, bytesOf(mailbox, uids))) return err({ kind: 'overQuota' });
    return one({ kind, mailbox: id, uids, to: target.value.id }, ({ effects }) => {
      const effect = effects[0] as Effect;
      return effect.kind === 'copied' ? effect : nothingCopied;
    });
  };

function bytesOf(mailbox: Mailbox, uids: UidSet): number {
  let bytes = 0;
  for (const chunk of mailbox.chunks)
    for (const [from, to] of runs(chunk, uids)) for (let i = from; i < to; i++) bytes += chunk.fixed.size[i]!;
  return bytes;
}

/** POP3 no longer shows these; IMAP keeps them. */
export const hideFromPop3 =
  (id: MailboxId, uids: UidSet): Decide<void> =>
  (state) =>
    state.mailboxes.get(id) === undefined ? gone : one({ kind: 'hideFromPop3', mailbox: id, uids }, nothing);
