import type { Account } from '../../shared/engine/account.ts';
import type { MessageReader } from '../../shared/engine/message-reader.ts';
import type { UidSet } from '../../shared/engine/uid-set.ts';
import type { MailboxView } from '../../shared/engine/view.ts';
import type { MailboxId } from '../../shared/ids.ts';
import type { Command, CommandKind } from '../../shared/imap/commands.ts';
import type { ResponseCode } from '../../shared/imap/responses/status.ts';
import type { ResponseWriter } from '../../shared/imap/writer.ts';
import type { AccountRecord } from '../../shared/ports/directory.ts';
import type { Log } from '../../shared/telemetry/log.ts';
import type { MemoCache } from './record-memo.ts';

/** A mailbox that a session has selected. */
export interface Selected {
  readonly id: MailboxId;
  readonly view: MailboxView;
  /** Reads the view's messages. */
  readonly messages: MessageReader;
  readonly access: 'readWrite' | 'readOnly';
  /** What is \Recent to this session (RFC 3501 §2.3.2); not all of it need be there still. */
  recent: UidSet;
  /** The result of the last SEARCH with SAVE: `$` (RFC 9051 §6.4.4.1). */
  saved: UidSet;
  /** How many of the mailbox's keywords the client has seen in FLAGS. */
  toldKeywords: number;
}

interface SignedIn {
  readonly account: Account;
  /** As it was at sign-in. */
  readonly record: AccountRecord;
}

export type SessionState =
  | { readonly kind: 'notAuthenticated' }
  | ({ readonly kind: 'authenticated' } & SignedIn)
  | ({ readonly kind: 'selected'; readonly selected: Selected } & SignedIn)
  | { readonly kind: 'logout' };

export type StateKind = SessionState['kind'];
export type In<K extends StateKind> = Extract<SessionState, { kind: K }>;

/** What the client has turned on by ENABLE, or by using it (RFC 7162 §3.1). */
export interface Enabled {
  /** ENABLE IMAP4rev2: ESEARCH answers, no RECENT. */
  rev2: boolean;
  /** MODSEQ in every FETCH answer, HIGHESTMODSEQ where flags change. */
  condStore: boolean;
  /** VANISHED in place of EXPUNGE. */
  qresync: boolean;
  /** Names and header values as UTF-8 (RFC 6855; rev2 implies it). */
  utf8: boolean;
}

/** What a command may do with its client. */
export interface Client {
  /** Answers go here. Call `flush` after each chunk of a long one (the writer's `full`). */
  readonly writer: ResponseWriter;
  readonly enabled: Enabled;
  /** What was made of records, for all sessions. */
  readonly memos: MemoCache;
  readonly log: Log;
  /** Sends what was written; resolves when the socket takes more. Throws where the connection is gone. */
  flush(): Promise<void>;
  /** Bytes straight to the socket, after what was written (a literal's content). */
  send(bytes: Uint8Array): Promise<void>;
}

/** The tagged answer. The session sends what changed meanwhile before it. */
export interface Reply {
  readonly condition: 'OK' | 'NO' | 'BAD';
  readonly code?: ResponseCode | undefined;
  readonly text: string;
  /** Whether EXPUNGE may be told before this answer (RFC 9051 §7.5.1); 'allowed' where nothing is said. */
  readonly expunge?: 'withheld' | undefined;
}

/** A command's answer, or the end of the connection where it cannot be known what became of a change. */
export type Outcome = Reply | { readonly condition: 'unsettled'; readonly cause: unknown };

type WithKind<C, K> = C extends { readonly kind: infer J }
  ? K extends J
    ? C & { readonly kind: K }
    : never
  : never;
/** The command of a kind, also where several kinds share one form. */
export type CommandOf<K extends CommandKind> = K extends CommandKind ? WithKind<Command, K> : never;

/**
 * A command on a selected mailbox: checked for the state before it runs. While it runs nobody else moves the view: what it
 * numbers stays as it is, and after a change of its own it takes the newest version in itself.
 */
export type SelectedHandler<K extends CommandKind> = (
  client: Client,
  state: In<'selected'>,
  command: CommandOf<K>,
) => Promise<Outcome>;
