import type { EmailId, MailboxId } from '../ids.ts';
import type { UidSet } from './uid-set.ts';

/** The special uses that Restante makes or accepts (RFC 6154). */
export const specialUses = [
  '\\All',
  '\\Archive',
  '\\Drafts',
  '\\Flagged',
  '\\Junk',
  '\\Sent',
  '\\Trash',
  '\\Important',
] as const;
export type SpecialUse = (typeof specialUses)[number];

/** A message that an append brings: its blob is already put under `messageKey(account, emailId)`. */
export interface AppendedMessage {
  readonly emailId: EmailId;
  /** Bytes. */
  readonly size: number;
  /** INTERNALDATE, seconds since 1970. */
  readonly internalDate: number;
  readonly flags: readonly string[];
  /** shared/message/record-codec.ts: header block, envelope, structure. */
  readonly record: Uint8Array;
}

/**
 * What an entry may do to an account. The meaning of each is a wire format: `apply` gives it, under the entry's rules version,
 * for ever. All are total: what cannot be done (a mailbox that is gone) does nothing, except that an append then goes to INBOX.
 */
export type Operation =
  /** Creates a mailbox, and those above it that do not exist. */
  | { readonly kind: 'create'; readonly name: string; readonly specialUse?: SpecialUse | undefined }
  /** Deletes a mailbox and its messages; those below it stay. */
  | { readonly kind: 'delete'; readonly mailbox: MailboxId }
  /** Renames a name and all below it; INBOX gives its messages to the new name and stays, empty (RFC 9051 §6.3.6). */
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  | { readonly kind: 'subscribe'; readonly name: string; readonly subscribed: boolean }
  /** `deliveryId`: an append whose id is known does nothing. */
  | {
      readonly kind: 'append';
      readonly mailbox: MailboxId;
      readonly message: AppendedMessage;
      readonly deliveryId?: string | undefined;
    }
  | {
      readonly kind: 'flags';
      readonly mailbox: MailboxId;
      readonly uids: UidSet;
      readonly mode: 'add' | 'remove' | 'replace';
      readonly flags: readonly string[];
    }
  | { readonly kind: 'expunge'; readonly mailbox: MailboxId; readonly uids: UidSet }
  | { readonly kind: 'copy'; readonly mailbox: MailboxId; readonly uids: UidSet; readonly to: MailboxId }
  | { readonly kind: 'move'; readonly mailbox: MailboxId; readonly uids: UidSet; readonly to: MailboxId }
  /** POP3 no longer shows these; IMAP does. */
  | { readonly kind: 'hideFromPop3'; readonly mailbox: MailboxId; readonly uids: UidSet }
  /** \Recent is over for UIDs below `uid` (RFC 3501 §2.3.2). */
  | { readonly kind: 'recent'; readonly mailbox: MailboxId; readonly uid: number }
  /** `bytes` undefined: no limit. */
  | { readonly kind: 'limits'; readonly bytes: number | undefined }
  /** An empty value removes the key. */
  | { readonly kind: 'metadata'; readonly key: string; readonly value: string }
  /** Gives up what was expunged at or before this time (seconds): no longer restorable, its blobs may be deleted. */
  | { readonly kind: 'purge'; readonly expungedBefore: number }
  /**
   * Brings back what was expunged from a mailbox at or after this time (seconds) and not purged, with new UIDs. Of a deleted
   * mailbox, the whole of it: under its name, made anew or as part of the mailbox that has this name now.
   */
  | { readonly kind: 'restore'; readonly mailbox: MailboxId; readonly expungedSince: number }
  /** Mailboxes made from here on have a UIDVALIDITY above this: another account at the same address had those up to it. */
  | { readonly kind: 'uidValidity'; readonly above: number };

/** What an operation did, for the answer to the session that asked for it. */
export type Effect =
  | { readonly kind: 'none' }
  | { readonly kind: 'created'; readonly mailbox: MailboxId }
  | {
      readonly kind: 'appended';
      readonly mailbox: MailboxId;
      readonly uidValidity: number;
      readonly uid: number;
    }
  /** A delivery that had already been made. */
  | { readonly kind: 'duplicate' }
  /** Source and destination UIDs pair off in ascending order (RFC 4315). */
  | {
      readonly kind: 'copied';
      readonly to: MailboxId;
      readonly uidValidity: number;
      readonly source: UidSet;
      readonly destination: UidSet;
    }
  | { readonly kind: 'flagged'; readonly changed: UidSet }
  | { readonly kind: 'expunged'; readonly uids: UidSet }
  /** `uids`: the new ones, in the order of the old. */
  | {
      readonly kind: 'restored';
      readonly to: MailboxId;
      readonly uidValidity: number;
      readonly uids: UidSet;
    };
