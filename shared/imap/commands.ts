/**
 * Every command a client can send, as a value: RFC 3501 and RFC 9051 on one path, and the extensions named below.
 * A handler never sees bytes: names are decoded, numbers checked, macros expanded, case and forgiveness dealt with.
 */
import type { ModSeq } from '../ids.ts';
import type { FetchItem } from './fetch-items.ts';
import type { MailboxName } from './mailbox-name.ts';
import type { SearchCharset, SearchKey, SearchReturn, SortKey, ThreadAlgorithm } from './search-criteria.ts';
import type { NumberRange, SequenceSet } from './sequence-set.ts';

/** Whether a command speaks in sequence numbers or (with the UID prefix) in UIDs, its answers included. */
export type Numbers = 'seq' | 'uid';

export interface BadSyntax {
  /** The command's tag where one could be read; without it the answer is untagged BAD. */
  readonly tag: string | undefined;
  /** For people; ASCII, never contains what a credential could be part of. */
  readonly text: string;
}

/** Commands without arguments. */
interface Plain {
  readonly kind:
    | 'capability'
    | 'noop'
    | 'logout'
    | 'startTls'
    | 'namespace'
    | 'idle'
    | 'check'
    | 'close'
    | 'unselect';
}

export interface Authenticate {
  readonly kind: 'authenticate';
  /** Upper case. */
  readonly mechanism: string;
  /** The initial response (RFC 4959), decoded; empty for "=", undefined where none was sent. */
  readonly initialResponse: Uint8Array | undefined;
}

export interface Login {
  readonly kind: 'login';
  readonly user: string;
  readonly password: string;
}

export interface Enable {
  readonly kind: 'enable';
  /** Upper case; unknown ones included (they are ignored, RFC 5161 §3.1). */
  readonly capabilities: readonly string[];
}

/** SELECT ('readWrite') and EXAMINE ('readOnly'). */
export interface Select {
  readonly kind: 'select';
  readonly access: 'readWrite' | 'readOnly';
  readonly mailbox: MailboxName;
  /** RFC 7162 §3.1.8; QRESYNC implies 'wanted'. */
  readonly condStore: 'wanted' | 'unspoken';
  readonly qresync: QResyncParameter | undefined;
}

/** RFC 7162 §3.2.5. */
export interface QResyncParameter {
  readonly uidValidity: number;
  readonly modSeq: ModSeq;
  /** No `star` in any of these. */
  readonly knownUids: readonly NumberRange[] | undefined;
  /** Sequence numbers and, one for one, the UIDs the client believes they have. */
  readonly match:
    | { readonly sequence: readonly NumberRange[]; readonly uids: readonly NumberRange[] }
    | undefined;
}

export interface Create {
  readonly kind: 'create';
  /** A trailing '/' is gone (RFC 9051 §6.3.4). */
  readonly mailbox: MailboxName;
  /** RFC 6154 §3, as '\\Sent' …; canonical case where known. */
  readonly specialUse: readonly string[];
}

/** DELETE, SUBSCRIBE, UNSUBSCRIBE, GETQUOTAROOT (RFC 9208). */
export interface OnMailbox {
  readonly kind: 'delete' | 'subscribe' | 'unsubscribe' | 'getQuotaRoot';
  readonly mailbox: MailboxName;
}

export interface Rename {
  readonly kind: 'rename';
  readonly from: MailboxName;
  readonly to: MailboxName;
}

export type ListSelection = 'subscribed' | 'remote' | 'recursiveMatch' | 'specialUse';
export type ListReturn = 'subscribed' | 'children' | 'specialUse';

/** LIST with RFC 5258, RFC 5819 (STATUS) and RFC 6154. */
export interface List {
  readonly kind: 'list';
  /** 'extended' where options or several patterns were sent: an empty pattern then has no special meaning. */
  readonly form: 'basic' | 'extended';
  readonly reference: string;
  /** Decoded like names, wildcards '*' and '%' in place. Never empty. */
  readonly patterns: readonly string[];
  readonly select: readonly ListSelection[];
  readonly returns: readonly ListReturn[];
  /** RETURN (STATUS (…)): undefined where not asked. */
  readonly status: readonly StatusItem[] | undefined;
}

/** RFC 3501 §6.3.9. */
export interface Lsub {
  readonly kind: 'lsub';
  readonly reference: string;
  readonly pattern: string;
}

export type StatusItem =
  | 'messages'
  | 'uidNext'
  | 'uidValidity'
  | 'unseen'
  | 'deleted'
  | 'deletedStorage'
  | 'size'
  | 'recent'
  | 'highestModSeq'
  | 'appendLimit'
  | 'mailboxId';

export interface Status {
  readonly kind: 'status';
  readonly mailbox: MailboxName;
  readonly items: readonly StatusItem[];
}

/**
 * APPEND up to and including the announcement of its first message; the bytes follow on the stream (see line-reader.ts),
 * further messages (MULTIAPPEND, RFC 3502) are read with `parseAppendRest`.
 */
export interface Append {
  readonly kind: 'append';
  readonly mailbox: MailboxName;
  readonly message: AppendMessage;
}

export interface AppendMessage {
  readonly flags: readonly string[];
  /** Milliseconds since 1970. */
  readonly internalDate: number | undefined;
  /** Octets that follow. */
  readonly size: number;
  /** 'binary': literal8, NUL allowed (RFC 3516); 'utf8': UTF8 (~{…}), RFC 6855. */
  readonly content: 'text' | 'binary' | 'utf8';
}

export interface Search {
  readonly kind: 'search';
  readonly numbers: Numbers;
  /** Undefined without RETURN: answered with SEARCH by a rev1 session, as RETURN (ALL) by a rev2 session. */
  readonly returns: readonly SearchReturn[] | undefined;
  readonly charset: SearchCharset;
  readonly criteria: SearchKey;
}

/** RFC 5256 and, with RETURN, RFC 5267 §3. */
export interface Sort {
  readonly kind: 'sort';
  readonly numbers: Numbers;
  readonly returns: readonly SearchReturn[] | undefined;
  readonly order: readonly SortKey[];
  readonly charset: SearchCharset;
  readonly criteria: SearchKey;
}

/** RFC 5256. */
export interface Thread {
  readonly kind: 'thread';
  readonly numbers: Numbers;
  readonly algorithm: ThreadAlgorithm;
  readonly charset: SearchCharset;
  readonly criteria: SearchKey;
}

export interface Fetch {
  readonly kind: 'fetch';
  readonly numbers: Numbers;
  readonly set: SequenceSet;
  /** Without repeats. Includes 'uid' for UID FETCH and 'modSeq' with CHANGEDSINCE, asked or not, since the answer must. */
  readonly items: readonly FetchItem[];
  /** RFC 7162 §3.1.4.1. */
  readonly changedSince: ModSeq | undefined;
  /** RFC 7162 §3.2.6; only with UID FETCH and CHANGEDSINCE. */
  readonly vanished: 'report' | 'omit';
}

export interface Store {
  readonly kind: 'store';
  readonly numbers: Numbers;
  readonly set: SequenceSet;
  readonly action: 'replace' | 'add' | 'remove';
  readonly answer: 'report' | 'silent';
  /** System flags in canonical case, keywords as sent; without repeats and without \Recent. */
  readonly flags: readonly string[];
  /** RFC 7162 §3.1.3; 0 fails for every message. */
  readonly unchangedSince: number | undefined;
}

/** COPY and MOVE (RFC 6851). */
export interface CopyOrMove {
  readonly kind: 'copy' | 'move';
  readonly numbers: Numbers;
  readonly set: SequenceSet;
  readonly mailbox: MailboxName;
}

/** EXPUNGE, or UID EXPUNGE (RFC 4315) where `uids` is there. */
export interface Expunge {
  readonly kind: 'expunge';
  readonly uids: SequenceSet | undefined;
}

/** RFC 2971; undefined for NIL. */
export interface Id {
  readonly kind: 'id';
  readonly fields: readonly (readonly [name: string, value: string | undefined])[] | undefined;
}

export interface GetQuota {
  readonly kind: 'getQuota';
  readonly root: string;
}

export interface SetQuota {
  readonly kind: 'setQuota';
  readonly root: string;
  /** Resource in upper case, limit in its unit (STORAGE: 1024 octets). */
  readonly limits: readonly (readonly [resource: string, limit: number])[];
}

export type CommandBody =
  | Plain
  | Authenticate
  | Login
  | Enable
  | Select
  | Create
  | OnMailbox
  | Rename
  | List
  | Lsub
  | Status
  | Append
  | Search
  | Sort
  | Thread
  | Fetch
  | Store
  | CopyOrMove
  | Expunge
  | Id
  | GetQuota
  | SetQuota;

export type Command = CommandBody & { readonly tag: string };
export type CommandKind = CommandBody['kind'];
