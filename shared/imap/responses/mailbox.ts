/** What the server says about mailboxes (RFC 9051 §7.3, RFC 7162 §3.2.10, RFC 5258). */
import type { ModSeq } from '../../ids.ts';
import type { StatusItem } from '../commands.ts';
import type { MailboxName } from '../mailbox-name.ts';
import type { NumberRange } from '../sequence-set.ts';
import { ascii, flushAt, type ResponseWriter } from '../writer.ts';
import { encodeFlags } from './status.ts';

/** RFC 9051 §7.3.1, RFC 6154, RFC 8457. */
export type MailboxAttribute =
  | '\\NonExistent'
  | '\\Noinferiors'
  | '\\Noselect'
  | '\\HasChildren'
  | '\\HasNoChildren'
  | '\\Marked'
  | '\\Unmarked'
  | '\\Subscribed'
  | '\\Remote'
  | '\\All'
  | '\\Archive'
  | '\\Drafts'
  | '\\Flagged'
  | '\\Important'
  | '\\Junk'
  | '\\Sent'
  | '\\Trash';

/** The selection option that names below a listed one satisfy (RFC 5258 §3.5, RFC 6154 §2). */
export type ChildInfo = 'SUBSCRIBED' | 'SPECIAL-USE';

export interface ListedMailbox {
  readonly name: MailboxName;
  readonly attributes: readonly MailboxAttribute[];
  /** RFC 5258 §3.5: why a mailbox is listed that does not match itself. */
  readonly childInfo?: readonly ChildInfo[];
  /** RFC 9051 §7.3.1.1: the name it was asked for by, or had before. */
  readonly oldName?: MailboxName;
}

/** LIST or LSUB, one mailbox. */
export function listLine(w: ResponseWriter, command: 'LIST' | 'LSUB', listed: ListedMailbox): void {
  w.ascii(`* ${command} (${listed.attributes.join(' ')}) "/" `);
  w.mailbox(listed.name);
  if (listed.childInfo || listed.oldName) {
    w.sp();
    w.open();
    if (listed.childInfo) {
      w.gap();
      w.ascii('"CHILDINFO" ');
      w.list(listed.childInfo, (option) => w.string(option));
    }
    if (listed.oldName) {
      w.gap();
      w.ascii('"OLDNAME" (');
      w.mailbox(listed.oldName);
      w.ascii(')');
    }
    w.ascii(')');
  }
  w.crlf();
}

/** LIST "" "": the separator and no name (RFC 9051 §6.3.9). */
export function listSeparatorLine(w: ResponseWriter, command: 'LIST' | 'LSUB'): void {
  w.ascii(`* ${command} (\\Noselect) "/" ""`);
  w.crlf();
}

/** The values asked for; what is undefined is left out, but an `appendLimit` of 'none' is NIL (RFC 7889 §3.1). */
export type StatusValues = {
  readonly [K in Exclude<StatusItem, 'appendLimit' | 'mailboxId' | 'highestModSeq'>]?: number;
} & {
  readonly highestModSeq?: ModSeq;
  readonly appendLimit?: number | 'none';
  readonly mailboxId?: string;
};

const statusNames: Readonly<Record<StatusItem, string>> = {
  messages: 'MESSAGES',
  uidNext: 'UIDNEXT',
  uidValidity: 'UIDVALIDITY',
  unseen: 'UNSEEN',
  deleted: 'DELETED',
  deletedStorage: 'DELETED-STORAGE',
  size: 'SIZE',
  recent: 'RECENT',
  highestModSeq: 'HIGHESTMODSEQ',
  appendLimit: 'APPENDLIMIT',
  mailboxId: 'MAILBOXID',
};

/** STATUS, RFC 9051 §7.3.4: the values of `items` in their order. */
export function statusResponse(
  w: ResponseWriter,
  mailbox: MailboxName,
  items: readonly StatusItem[],
  values: StatusValues,
): void {
  w.ascii('* STATUS ');
  w.mailbox(mailbox);
  w.sp();
  w.open();
  for (const item of items) {
    const value = values[item];
    if (value === undefined) continue;
    w.gap();
    w.ascii(statusNames[item]);
    w.sp();
    if (typeof value === 'number') w.number(value);
    else w.ascii(value === 'none' && item === 'appendLimit' ? 'NIL' : `(${value})`);
  }
  w.ascii(')');
  w.crlf();
}

/** FLAGS, RFC 9051 §7.3.5. */
export function flagsLine(w: ResponseWriter, flags: readonly string[]): void {
  w.ascii('* FLAGS ');
  w.raw(encodeFlags(flags));
  w.crlf();
}

const untagged = ascii('* ');
const names = { EXISTS: ascii(' EXISTS\r\n'), RECENT: ascii(' RECENT\r\n'), EXPUNGE: ascii(' EXPUNGE\r\n') };

/** `* n EXISTS` and the like: a count, or the sequence number that is gone. */
export function numberLine(w: ResponseWriter, value: number, name: 'EXISTS' | 'RECENT' | 'EXPUNGE'): void {
  w.raw(untagged);
  w.number(value);
  w.raw(names[name]);
}

/** Ranges in one VANISHED line; more go into further lines, since some clients bound theirs. */
const vanishedRanges = 500;

/**
 * VANISHED, RFC 7162 §3.2.10; 'earlier' answers QRESYNC and FETCH (VANISHED). Nothing for no UIDs. Yields whenever the
 * writer holds `flushAt` octets, for the caller to send them; run it to its end.
 */
export function* vanishedLines(
  w: ResponseWriter,
  when: 'earlier' | 'now',
  uids: readonly NumberRange[],
): Generator<void> {
  for (let from = 0; from < uids.length; from += vanishedRanges) {
    w.ascii(when === 'earlier' ? '* VANISHED (EARLIER) ' : '* VANISHED ');
    w.ranges(uids.slice(from, from + vanishedRanges));
    w.crlf();
    if (w.length >= flushAt) yield;
  }
}
